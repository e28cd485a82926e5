"""Seeded simulations of the rules as they stand, against what is popular, on the same draws.

A table is one module with `SCENARIOS` and `ROWS`, and one entry in `tables`.
"""
