"""Exporting a trained pipeline to ONNX, by which it is served without scikit-learn, and proving that it is the same."""
