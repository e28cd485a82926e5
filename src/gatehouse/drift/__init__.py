"""The drift rules: significant, large and persistent. Pure; a window of rows and a reference profile in, checks out."""
