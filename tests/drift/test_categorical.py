import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse.drift import categorical

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=20)


def test_homogeneity_is_scipys() -> None:
    """Statistic and p-value are scipy's for a table of two rows."""
    old, new = np.array([50.0, 30, 20]), np.array([70.0, 80, 10])
    expected = stats.chi2_contingency([old, new], correction=False)
    assert categorical.homogeneity(old, new) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize("counts", [([7.0], [9.0]), ([], []), ([0.0, 0.0], [3.0, 4.0])])
def test_one_cell_is_no_test(counts: tuple[list[float], list[float]]) -> None:
    """With one cell, or no rows on one side, there is nothing to test."""
    assert categorical.homogeneity(np.array(counts[0]), np.array(counts[1])) == (0.0, None)


@given(COUNTS)
def test_pooling_keeps_rows(counts: list[tuple[int, int]]) -> None:
    """Pooling loses no row and leaves no cell too small, unless all are in one."""
    old, new = np.array(counts, dtype=float).T
    before, now = categorical.pool(old, new)
    assert (before.sum(), now.sum()) == (old.sum(), new.sum())
    if len(before) > 1:
        smaller = min(before.sum(), now.sum()) / (before + now).sum()
        assert ((before + now) * smaller).min() >= categorical.SMALLEST_EXPECTED


@given(COUNTS)
def test_no_table_crashes(counts: list[tuple[int, int]]) -> None:
    """Whatever the counts, statistic, p-value and effect are numbers of their range."""
    before, now = categorical.pool(*np.array(counts, dtype=float).T)
    statistic, p = categorical.homogeneity(before, now)
    assert statistic >= 0
    assert p is None or 0 <= p <= 1
    assert 0 <= categorical.total_variation(before, now) <= 1


def test_pool_takes_what_is_too_small() -> None:
    """Cells that expect five rows stay as they are; smaller ones go together, with the next one if they must."""
    whole = np.array([50.0, 5.0]), np.array([50.0, 5.0])
    assert [side.tolist() for side in categorical.pool(*whole)] == [[50, 5], [50, 5]]
    small = np.array([50.0, 3, 2]), np.array([50.0, 3, 2])
    assert [side.tolist() for side in categorical.pool(*small)] == [[50, 5], [50, 5]]
    joined = np.array([50.0, 20, 4]), np.array([50.0, 20, 4])
    assert [side.tolist() for side in categorical.pool(*joined)] == [[50, 24], [50, 24]]


def test_empty_side_has_no_effect() -> None:
    """Without a row on one side nothing has moved."""
    assert categorical.total_variation(np.array([0.0, 0]), np.array([1.0, 2])) == 0.0
    assert categorical.homogeneity(np.array([1.0, 0]), np.array([0.0, 1])) != (0.0, None)


def test_total_variation_counts_movers() -> None:
    """A tenth of the rows that change their level is an effect of .1."""
    assert categorical.total_variation(np.array([50.0, 50]), np.array([120.0, 80])) == pytest.approx(0.1)


def test_wilson_is_scipys() -> None:
    """The one-sided bound at 95 % is the lower end of scipy's interval at 90 %."""
    expected = stats.binomtest(9, 400).proportion_ci(0.9, method="wilson").low
    assert categorical.wilson_lower(9, 400) == pytest.approx(expected)
    assert categorical.wilson_lower(0, 0) == categorical.wilson_lower(0, 50) == 0
