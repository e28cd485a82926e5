"""The bins of the population stability index at the reference's quantiles, and two divergences for the record."""

import numpy as np

from gatehouse.drift.ecdf import Ecdf
from gatehouse.stability import shares

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


def kullback_leibler(reference: np.ndarray, window: np.ndarray) -> float:
    """Return KL(window ‖ reference) of counts, in nats. Reported; it decides nothing."""
    p, q = shares(reference), shares(window)
    return float(np.sum(q * np.log(q / p)))


def jensen_shannon(reference: np.ndarray, window: np.ndarray) -> float:
    """Return the Jensen-Shannon divergence of counts, in nats. Reported; it decides nothing."""
    p, q = shares(reference), shares(window)
    middle = (p + q) / 2
    return float(np.sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2)
