"""Evidence that may be looked at all the time: it grows with a difference, and by chance hardly ever."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse.canary import sequential
from gatehouse.canary.sequential import START, START_BELOW, Window
from gatehouse.errors import EvidenceError

RATIOS = st.sampled_from([0.2, 0.5, 1.0])


def expected(grow, start, n_c, n_s, events, ratio):
    """Return the mean e-value of one window over all ways in which its events may fall, given the odds ratio."""
    law = stats.nchypergeom_fisher(n_c + n_s, n_c, events, ratio)
    low, high = max(0, events - n_s), min(events, n_c)
    ways = ((s, law.pmf(s)) for s in range(low, high + 1))
    return sum(p * np.exp(sequential.log_e(grow(start, Window(n_c, s, n_s, events - s)))) for s, p in ways)


@given(st.integers(1, 30), st.integers(1, 60), st.integers(0, 20), RATIOS)
def test_worse_is_not_claimed(n_c, n_s, events, ratio):
    """While the odds ratio is at most 1, an e-value is at most 1 on average: what Ville's inequality asks for."""
    events = min(events, n_c + n_s)
    grow = lambda process, window: sequential.higher(process, window, 1.0)  # noqa: E731
    assert expected(grow, START, n_c, n_s, events, ratio) <= 1 + 1e-9


@given(st.integers(1, 30), st.integers(1, 60), st.integers(0, 20), RATIOS)
def test_soundness_is_not_claimed(n_c, n_s, events, ratio):
    """The mirror of it: while the odds ratio is at least 2, the evidence that it is less does not grow on average."""
    events = min(events, n_c + n_s)
    grow = lambda process, window: sequential.lower(process, window, 2.0)  # noqa: E731
    assert expected(grow, START, n_c, n_s, events, 2.0 / ratio) <= 1 + 1e-9


@given(st.integers(0, 60), st.floats(0.02, 1.0))
def test_low_rate_is_not_claimed(n, rate):
    """While the canary's rate is at least the ceiling, the evidence that it is below does not grow on average."""
    values = [np.exp(sequential.log_e(sequential.below(START_BELOW, Window(n, s, 0, 0), 0.02))) for s in range(n + 1)]
    assert float(np.dot(values, stats.binom.pmf(range(n + 1), n, rate))) <= 1 + 1e-9


def test_likelihood_is_fishers():
    """One alternative's gain is the ratio of two noncentral hypergeometric probabilities."""
    found = sequential.higher(START, Window(40, 7, 100, 5), 1.0)
    law = [stats.nchypergeom_fisher(140, 40, 12, 1.0 * multiple).logpmf(7) for multiple in (1, *sequential.MULTIPLES)]
    assert found == pytest.approx([value - law[0] for value in law[1:]])


def test_windows_add_up():
    """Two windows are worth what each of them is."""
    first, second = Window(50, 3, 500, 4), Window(80, 1, 400, 2)
    both = sequential.higher(sequential.higher(START, first, 1.0), second, 1.0)
    each = [sequential.higher(START, window, 1.0) for window in (first, second)]
    assert both == pytest.approx([a + b for a, b in zip(*each, strict=True)])


@pytest.mark.parametrize("window", [Window(0, 0, 900, 7), Window(50, 0, 0, 0), Window(50, 0, 900, 0)])
def test_nothing_is_learned(window):
    """Without requests of both, or without any event, a comparison has nothing to say."""
    assert sequential.higher(START, window, 1.0) == sequential.lower(START, window, 2.0) == START


def test_flawless_canary_is_sound():
    """171 requests without an error prove a rate below 2 % at .05, as its binomial says, and a few less do not."""
    grown = [sequential.log_e(sequential.below(START_BELOW, Window(n, 0, 0, 0), 0.02)) for n in range(0, 400, 10)]
    assert all(later > earlier for earlier, later in pairwise(grown))
    needed = next(10 * place for place, value in enumerate(grown) if value >= np.log(20))
    assert 160 <= needed <= 230


def test_broken_canary_is_found():
    """Ten times the errors is proven in one window of some hundred requests."""
    found = sequential.higher(START, Window(150, 8, 2850, 14), 1.0)
    assert sequential.log_e(found) > np.log(3 / 0.05)


@pytest.mark.parametrize("counts", [(10, 11, 5, 0), (10, -1, 5, 0), (10, 1, 5, 6), (-1, 0, 5, 0)])
def test_impossible_counts_are_refused(counts):
    """More events than requests, or fewer than none, are no evidence."""
    with pytest.raises(EvidenceError, match="no counts"):
        Window(*counts)
