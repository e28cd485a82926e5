"""A workload without classes: how diabetes went on, from scikit-learn's own data."""
