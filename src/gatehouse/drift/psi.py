"""The population stability index, tested against the index that would matter, and two divergences for the record."""

import numpy as np
from scipy import special

from gatehouse.drift.ecdf import Ecdf

MOST_BINS = 10


def bins(n: int, m: int, threshold: float) -> int:
    """Return the most bins, up to 10, with (B-1)k ≤ threshold/4, k = 1/n + 1/m: more would be noise. At least 2."""
    k = 1 / n + 1 / m
    return max(2, min(MOST_BINS, 1 + int(threshold / (4 * k))))


def edges(reference: Ecdf, count: int) -> np.ndarray:
    """Return the inner edges, at reference quantiles, of up to `count` bins that all hold reference values."""
    found = np.unique(reference.quantiles(np.arange(1, count) / count))
    inner: np.ndarray = found[found < reference.values[-1]]
    return inner


def reference_counts(reference: Ecdf, inner: np.ndarray) -> np.ndarray:
    """Return how many reference values each bin holds; the first and the last one have no end."""
    upto = reference.upto[np.searchsorted(reference.values, inner)]
    return np.diff(upto, prepend=0, append=reference.n)


def window_counts(ordered: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Return how many of the window's values, in rising order, each bin holds."""
    return np.diff(np.searchsorted(ordered, inner, side="right"), prepend=0, append=len(ordered))


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


def kullback_leibler(reference: np.ndarray, window: np.ndarray) -> float:
    """Return KL(window ‖ reference) of counts, in nats. Reported; it decides nothing."""
    p, q = shares(reference), shares(window)
    return float(np.sum(q * np.log(q / p)))


def jensen_shannon(reference: np.ndarray, window: np.ndarray) -> float:
    """Return the Jensen-Shannon divergence of counts, in nats. Reported; it decides nothing."""
    p, q = shares(reference), shares(window)
    middle = (p + q) / 2
    return float(np.sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2)
