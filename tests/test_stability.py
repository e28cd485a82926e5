import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse import stability

COUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20)


@given(COUNTS)
def test_index_is_a_distance(counts: list[tuple[int, int]]) -> None:
    """PSI is never negative, 0 for the same counts, and the same in both directions."""
    old, new = np.array(counts).T
    assert stability.index(old, new) >= 0
    assert stability.index(old, old) == 0
    assert stability.index(old, new) == pytest.approx(stability.index(new, old))


def test_shares_are_smoothed() -> None:
    """Each bin counts half a row more, so that an empty one has a logarithm."""
    assert stability.shares(np.array([0, 3])).tolist() == [0.125, 0.875]
    assert stability.shares(np.array([1, 1, 2])).sum() == 1.0


def test_p_value_is_noncentral() -> None:
    """The p-value is scipy's of a noncentral χ² with a degree of freedom less than bins; two bins are enough."""
    for bins in (2, 10):
        expected = stats.ncx2.sf(0.15 * 500, bins - 1, 0.1 * 500)
        assert stability.p_value(0.15, bins, 1000, 1000, 0.1) == pytest.approx(expected)
    assert stability.p_value(0.15, 11, 800, 800, 0.1) < 1
    assert stability.p_value(0.15, 12, 800, 800, 0.1) == 1


def test_noise_is_not_drift() -> None:
    """An index of .1 on 500 rows and many bins is noise, and the test does not even start."""
    assert stability.p_value(0.15, 30, 500, 500, 0.1) == 1


def test_index_beyond_threshold() -> None:
    """An index far above the threshold is significant, one at the threshold is not, and no size overflows."""
    assert stability.p_value(0.3, 10, 1000, 1000, 0.1) < 0.001
    assert stability.p_value(0.1, 10, 1000, 1000, 0.1) > 0.4
    assert stability.p_value(14.0, 10, 10**6, 10**6, 0.1) == 0
    assert stability.p_value(0.0, 10, 10**6, 10**6, 0.1) == 1


def test_threshold_is_kept() -> None:
    """Where the index truly is .1, at most one in twenty windows is called larger."""
    random, p = np.random.default_rng(0), np.full(10, 0.1)
    q = p + np.tile([0.0315, -0.0315], 5)
    assert np.sum((p - q) * np.log(p / q)) == pytest.approx(0.1, abs=0.01)
    draws = [stability.index(random.multinomial(2000, p), random.multinomial(2000, q)) for _ in range(400)]
    assert np.mean([stability.p_value(draw, 10, 2000, 2000, 0.1) <= 0.05 for draw in draws]) <= 0.09
