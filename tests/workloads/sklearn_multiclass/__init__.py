"""A workload of ten classes: written digits, from scikit-learn's own data."""
