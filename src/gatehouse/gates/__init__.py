"""The gates: pure rules from values to checks.

A gate is one module here, one entry in a stage, and one section in gatehouse.toml.
"""
