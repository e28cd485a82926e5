"""The two-sample Kolmogorov-Smirnov test against a stored reference."""

import numpy as np
from scipy import stats

from gatehouse.drift.ecdf import Ecdf


def statistic(reference: Ecdf, ordered: np.ndarray) -> float:
    """Return the largest gap between the two distributions at and just below the reference's points.

    `ordered` holds the window's finite values in rising order, shape (m,).
    """
    m = len(ordered)
    at = np.searchsorted(ordered, reference.values, side="right") / m - reference.upto / reference.n
    before = np.searchsorted(ordered, reference.values, side="left") / m - reference.below / reference.n
    return float(max(np.abs(at).max(), np.abs(before).max()))


def p_value(gap: float, n: int, m: int) -> float:
    """Return the asymptotic p-value with the effective number of rows nm/(n+m), as scipy's `ks_2samp` does."""
    return float(stats.kstwo.sf(gap, max(1, round(n * m / (n + m)))))
