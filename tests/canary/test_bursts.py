"""Bursts: counts that vary more than chance are worth less, and a daily drift is no burst."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary import bursts
from gatehouse.canary.sequential import Window
from gatehouse.errors import EvidenceError

RANDOM = np.random.default_rng(0)


def test_poisson_is_no_burst():
    """Independent errors have a dispersion near 1, also while their rate drifts with the day."""
    drifting = 15 * (1 + 0.8 * np.sin(2 * np.pi * np.arange(400) / 100))
    assert bursts.dispersion(RANDOM.poisson(drifting).tolist()) < 1.3


def test_bursts_are_seen():
    """Errors that come five at a time have a dispersion near 5."""
    assert bursts.dispersion((5 * RANDOM.poisson(4, 600)).tolist()) == pytest.approx(5, rel=0.2)


def test_dispersion_by_hand():
    """Counts that go 0, 2, 0, 2 … differ by 2 at every step: 4(T-1) / 2(T-1) is 2, over a mean of 1."""
    assert bursts.dispersion([0, 2] * 30) == pytest.approx(2.0)


def test_dispersion_has_ends():
    """It is never below 1, and never above the cap."""
    assert bursts.dispersion([0] * 60) == bursts.dispersion([7] * 60) == 1.0
    assert bursts.dispersion([0, 1000] * 30) == bursts.CAP


def test_few_windows_are_refused():
    """59 windows cannot tell."""
    with pytest.raises(EvidenceError, match="59 windows"):
        bursts.dispersion([1] * 59)


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), min_size=1, max_size=20), st.floats(1, bursts.CAP))
def test_division_loses_nothing(steps, factor):
    """Windows that are divided one by one add up to the whole divided, less one at most, and are possible counts."""
    now, parts = Window(0, 0, 0, 0), []
    for good, bad, fine, wrong in steps:
        earlier = now
        now = Window(
            now.canary_requests + good + bad, now.canary_events + bad,
            now.stable_requests + fine + wrong, now.stable_events + wrong,
        )  # fmt: skip
        parts.append(bursts.thinned(now, earlier, factor))
    assert sum(part.canary_events for part in parts) == int(now.canary_events / factor)
    assert sum(part.stable_requests for part in parts) == pytest.approx(now.stable_requests / factor, abs=2)
