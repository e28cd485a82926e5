import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse.drift import ecdf, ks

SAMPLES = st.lists(st.integers(0, 12).map(float), min_size=1, max_size=60)


@given(SAMPLES, SAMPLES)
def test_statistic_is_largest_gap(reference: list[float], window: list[float]) -> None:
    """The statistic of small samples, with ties, is the largest gap at any value of either."""
    before, now = np.sort(reference), np.sort(window)
    gaps = [
        np.searchsorted(before, value, side="right") / len(before)
        - np.searchsorted(now, value, side="right") / len(now)
        for value in {*reference, *window}
    ]
    assert ks.statistic(ecdf.of(before), now) == pytest.approx(np.abs(gaps).max())


def test_grid_misses_little() -> None:
    """For a thinned reference the statistic is short of scipy's by a thousandth at most, and never beyond it."""
    random = np.random.default_rng(0)
    reference, window = random.normal(size=9000), random.normal(0.1, 1, 3000)
    exact = stats.ks_2samp(reference, window).statistic
    assert exact - 1e-3 <= ks.statistic(ecdf.of(reference), np.sort(window)) <= exact + 1e-12


def test_p_value_is_scipys() -> None:
    """The p-value is within 2 % of scipy's asymptotic one, wherever it decides."""
    for p in (0.2, 0.05, 0.001):
        gap = stats.kstwo.isf(p, 500)
        assert ks.p_value(gap, 1000, 1000) == pytest.approx(p, rel=0.02)


def test_same_sample_has_no_gap() -> None:
    """A sample against itself has no gap, and a p-value of 1."""
    values = np.random.default_rng(0).normal(size=500)
    assert ks.statistic(ecdf.of(values), np.sort(values)) == 0
    assert ks.p_value(0.0, 500, 500) == 1
