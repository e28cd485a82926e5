"""Missing values: whether their share has changed."""

import numpy as np
from scipy import special


def p_value(missing_before: int, n: int, missing_now: int, m: int) -> float:
    """Return the two-sided p-value of the two-proportion z test; 1 where nothing, or everything, is missing."""
    total = missing_before + missing_now
    if n == 0 or m == 0 or total in (0, n + m):
        return 1.0
    share = total / (n + m)
    z = (missing_now / m - missing_before / n) / np.sqrt(share * (1 - share) * (1 / n + 1 / m))
    return float(2 * special.ndtr(-abs(z)))
