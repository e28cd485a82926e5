"""How far a number has moved: the Wasserstein distance in units of the reference's own spread."""

import numpy as np

from gatehouse.drift import ecdf
from gatehouse.drift.ecdf import Ecdf

SHARES = (np.arange(ecdf.GRID) + 0.5) / ecdf.GRID
# Winsorised, so that a handful of extreme values makes no distance by itself.
TAILS = np.array([0.01, 0.99])
# The quartiles of a normal distribution lie 1.349 standard deviations apart.
NORMAL_IQR = 1.349


def effect(reference: Ecdf, ordered: np.ndarray) -> float:
    """Return the distance over the robust scale IQR/1.349: .25 is a shift of a quarter of a standard deviation.

    `ordered` holds the window's finite values in rising order, shape (m,).
    """
    low, high = reference.quantiles(TAILS)
    if low == high:  # nearly one value only: every other one is in the tails
        low, high = reference.values[0], reference.values[-1]
    unit = float(np.abs(reference.values).max()) or 1.0  # so that huge values can be subtracted
    before = np.clip(reference.quantiles(SHARES), low, high) / unit
    now = np.clip(ecdf.sample_quantiles(ordered, SHARES), low, high) / unit
    return float(np.abs(now - before).mean() / _scale(reference, before, unit))


def _scale(reference: Ecdf, before: np.ndarray, unit: float) -> float:
    """Return the robust scale, or the next best where most of the values are the same one."""
    quarter, three = reference.quantiles(np.array([0.25, 0.75])) / unit
    if three > quarter:
        return float(three - quarter) / NORMAL_IQR
    spread = float(before.std())
    # What is left is a column of one value almost everywhere: its whole range is the unit.
    return spread or float(np.ptp(reference.values / unit)) or 1.0
