"""The population stability index of two vectors of counts, tested against the index that would matter."""

import numpy as np
from scipy import special


def shares(counts: np.ndarray) -> np.ndarray:
    """Return the shares of counts, shape (B,), each smoothed by half a row."""
    smoothed: np.ndarray = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    return smoothed


def index(reference: np.ndarray, window: np.ndarray) -> float:
    """Return Σ(p-q)·ln(p/q) of two vectors of counts, shape (B,)."""
    p, q = shares(reference), shares(window)
    return float(np.sum((p - q) * np.log(p / q)))


def p_value(value: float, count: int, n: int, m: int, threshold: float) -> float:
    """Return the p-value of "the index is at most `threshold`", from a noncentral χ² (Yurdakul & Naranjo 2020).

    1 where the rows are too few for the approximation, or there is only one bin.
    """
    k = 1 / n + 1 / m
    if count < 2 or (count - 1) * k > threshold / 4:
        return 1.0
    return float(1 - special.chndtr(value / k, count - 1, threshold / k))
