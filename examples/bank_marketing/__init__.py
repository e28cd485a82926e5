"""A real workload: which clients of a bank take up an offer that is made by telephone."""
