"""Categories: whether two samples have the same shares, by how much they differ, and whether levels are new."""

import numpy as np
from scipy import special

# Below it a cell's χ² is not χ² any more.
SMALLEST_EXPECTED = 5.0


def pool(reference: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the cells expected to hold fewer than 5 rows together; counts of shape (K,) in, (K',) out.

    What is expected follows from both samples together; a pool that is still too small joins the smallest cell.
    """
    total = reference + window
    reference, window, total = reference[total > 0], window[total > 0], total[total > 0]
    smaller = min(reference.sum(), window.sum()) / max(total.sum(), 1)
    order = np.argsort(total, kind="stable")
    small = int((total * smaller < SMALLEST_EXPECTED).sum())
    if small == 0:
        return reference, window
    while small < len(order) and total[order[:small]].sum() * smaller < SMALLEST_EXPECTED:
        small += 1
    rest = order[small:]
    return (
        np.append(reference[rest], reference[order[:small]].sum()),
        np.append(window[rest], window[order[:small]].sum()),
    )


def homogeneity(reference: np.ndarray, window: np.ndarray) -> tuple[float, float | None]:
    """Return χ² and its p-value for two vectors of pooled counts, shape (K,); no p-value with fewer than two cells.

    Both samples are taken as samples: a goodness of fit against the reference takes its noise for truth.
    """
    n, m = reference.sum(), window.sum()
    if len(reference) < 2 or n == 0 or m == 0:
        return 0.0, None
    total = reference + window
    expected = np.array([total * (n / (n + m)), total * (m / (n + m))])
    chi2 = float((np.square(np.array([reference, window]) - expected) / expected).sum())
    return chi2, float(special.chdtrc(len(reference) - 1, chi2))


def total_variation(reference: np.ndarray, window: np.ndarray) -> float:
    """Return half the sum of the differences of shares: the share of rows that would have to change."""
    n, m = reference.sum(), window.sum()
    return float(np.abs(reference / n - window / m).sum() / 2) if n and m else 0.0


def wilson_lower(count: int, n: int, confidence: float = 0.95) -> float:
    """Return the one-sided lower bound of a share (Wilson 1927)."""
    if n == 0:
        return 0.0
    z, share = float(special.ndtri(confidence)), count / n
    margin = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float((share + z**2 / (2 * n) - margin) / (1 + z**2 / n)))
