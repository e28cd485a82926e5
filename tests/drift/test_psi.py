import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from gatehouse.drift import ecdf, psi

COUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20)


@given(COUNTS)
def test_index_is_a_distance(counts: list[tuple[int, int]]) -> None:
    """PSI is never negative, 0 for the same counts, and the same in both directions."""
    old, new = np.array(counts).T
    assert psi.index(old, new) >= 0
    assert psi.index(old, old) == 0
    assert psi.index(old, new) == pytest.approx(psi.index(new, old))
    assert psi.index(old, new) == pytest.approx(psi.kullback_leibler(old, new) + psi.kullback_leibler(new, old))
    assert 0 <= psi.jensen_shannon(old, new) <= np.log(2) + 1e-12


def test_shares_are_smoothed() -> None:
    """Each bin counts half a row more, so that an empty one has a logarithm."""
    assert psi.shares(np.array([0, 3])).tolist() == [0.125, 0.875]
    assert psi.shares(np.array([1, 1, 2])).sum() == 1.0


def test_divergences_are_scipys() -> None:
    """KL and Jensen-Shannon are scipy's of the smoothed shares."""
    old, new = np.array([70, 20, 10]), np.array([20, 30, 50])
    p, q = psi.shares(old), psi.shares(new)
    assert psi.kullback_leibler(old, new) == pytest.approx(stats.entropy(q, p))
    assert psi.jensen_shannon(old, new) == pytest.approx(jensenshannon(p, q) ** 2)


def test_p_value_is_noncentral() -> None:
    """The p-value is scipy's of a noncentral χ² with a degree of freedom less than bins; two bins are enough."""
    for bins in (2, 10):
        expected = stats.ncx2.sf(0.15 * 500, bins - 1, 0.1 * 500)
        assert psi.p_value(0.15, bins, 1000, 1000, 0.1) == pytest.approx(expected)
    assert psi.p_value(0.15, 11, 800, 800, 0.1) < 1
    assert psi.p_value(0.15, 12, 800, 800, 0.1) == 1


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
    assert psi.p_value(0.0, 1, 900, 900, 0.1) == 1


def test_noise_is_not_drift() -> None:
    """An index of .1 on 500 rows and many bins is noise, and the test does not even start."""
    assert psi.p_value(0.15, 30, 500, 500, 0.1) == 1


def test_index_beyond_threshold() -> None:
    """An index far above the threshold is significant, one at the threshold is not, and no size overflows."""
    assert psi.p_value(0.3, 10, 1000, 1000, 0.1) < 0.001
    assert psi.p_value(0.1, 10, 1000, 1000, 0.1) > 0.4
    assert psi.p_value(14.0, 10, 10**6, 10**6, 0.1) == 0
    assert psi.p_value(0.0, 10, 10**6, 10**6, 0.1) == 1


def test_threshold_is_kept() -> None:
    """Where the index truly is .1, at most one in twenty windows is called larger."""
    random, p = np.random.default_rng(0), np.full(10, 0.1)
    q = p + np.tile([0.0315, -0.0315], 5)
    assert np.sum((p - q) * np.log(p / q)) == pytest.approx(0.1, abs=0.01)
    draws = [psi.index(random.multinomial(2000, p), random.multinomial(2000, q)) for _ in range(400)]
    assert np.mean([psi.p_value(draw, 10, 2000, 2000, 0.1) <= 0.05 for draw in draws]) <= 0.09
