"""A workload of two classes: breast tumours, from scikit-learn's own data."""
