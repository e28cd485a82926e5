"""Benchmarks of goals that are ratios, each measured in one run."""
