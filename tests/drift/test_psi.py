import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from gatehouse import stability
from gatehouse.drift import ecdf, psi

COUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20)


@given(COUNTS)
def test_divergences_are_bounded(counts: list[tuple[int, int]]) -> None:
    """KL in both directions adds up to PSI, and Jensen-Shannon lies between 0 and ln 2."""
    old, new = np.array(counts).T
    assert stability.index(old, new) == pytest.approx(psi.kullback_leibler(old, new) + psi.kullback_leibler(new, old))
    assert 0 <= psi.jensen_shannon(old, new) <= np.log(2) + 1e-12


def test_divergences_are_scipys() -> None:
    """KL and Jensen-Shannon are scipy's of the smoothed shares."""
    old, new = np.array([70, 20, 10]), np.array([20, 30, 50])
    p, q = stability.shares(old), stability.shares(new)
    assert psi.kullback_leibler(old, new) == pytest.approx(stats.entropy(q, p))
    assert psi.jensen_shannon(old, new) == pytest.approx(jensenshannon(p, q) ** 2)


@pytest.mark.parametrize(("n", "m", "bins"), [(10_000, 10_000, 10), (1000, 1000, 10), (500, 500, 7), (50, 50, 2)])
def test_few_rows_few_bins(n: int, m: int, bins: int) -> None:
    """There are as many bins as the rows bear, from 2 to 10."""
    assert psi.bins(n, m, 0.1) == bins


def test_bins_are_deciles() -> None:
    """Each of ten bins holds a tenth of the reference, and the ends are open."""
    values = np.random.default_rng(0).normal(size=1000)
    inner = psi.edges(ecdf.of(values), 10)
    assert psi.reference_counts(ecdf.of(values), inner).tolist() == [100] * 10
    assert psi.window_counts(np.array([-1e308, 1e308]), inner).tolist() == [1, *[0] * 8, 1]


def test_ties_merge_bins() -> None:
    """Where one value fills several bins, they are one, and none is empty."""
    reference = ecdf.of(np.append(np.zeros(800), np.arange(1, 201)))
    inner = psi.edges(reference, 10)
    counts = psi.reference_counts(reference, inner)
    assert counts.sum() == 1000
    assert counts.min() > 0


def test_constant_is_one_bin() -> None:
    """A constant column has one bin, an index of 0 and nothing to test."""
    inner = psi.edges(ecdf.of(np.ones(900)), 10)
    assert inner.size == 0
    assert stability.p_value(0.0, 1, 900, 900, 0.1) == 1
