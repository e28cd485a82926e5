"""What is popular, by its documented rule: written here from its documentation, none of its code is run."""

import numpy as np
from scipy import stats

# `new ≥ old − .01`, and a slice that loses more than five points.
TOLERATED = 0.01
SLICE_DROP = 0.05
# Of the KS statistic and of Cramér's V, where a rule looks at the size alone.
LARGE = 0.2


def promotes(champion: float, candidate: float) -> bool:
    """Tell whether `new ≥ old − .01` lets a candidate through."""
    return candidate >= champion - TOLERATED


def f1(real: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return F1 along the last axis of two boolean arrays, shape (..., n); 0 where nothing is positive."""
    hits, wrong = (real & said).sum(axis=-1), (real != said).sum(axis=-1)
    return np.asarray(2 * hits / np.maximum(2 * hits + wrong, 1))


def accuracy(real: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return the share of right answers along the last axis, shape (..., n)."""
    return np.asarray((real == said).mean(axis=-1))


def ks(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """Return the two-sample Kolmogorov-Smirnov statistic and its p-value; missing values are left out."""
    found = stats.ks_2samp(before[~np.isnan(before)], now[~np.isnan(now)], method="asymp")
    return float(found.statistic), float(found.pvalue)


def fit(before: np.ndarray, now: np.ndarray) -> float:
    """Return the p-value of the χ² goodness of fit that takes the reference's shares for the truth, counts (K,)."""
    kept = before > 0
    return float(stats.chisquare(now[kept], before[kept] / before[kept].sum() * now[kept].sum()).pvalue)


def homogeneity(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """Return Cramér's V and the p-value of the χ² of two vectors of counts, shape (K,)."""
    table = np.array([before, now])[:, before + now > 0]
    found = stats.chi2_contingency(table)
    return float(np.sqrt(found.statistic / table.sum())), float(found.pvalue)
