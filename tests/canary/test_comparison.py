"""A canary beside stable: worse is rolled back, sound goes on, and little evidence does neither."""

import pytest

from gatehouse.canary import comparison, sequential
from gatehouse.canary.comparison import Evidence, Knobs
from gatehouse.canary.sequential import Window
from gatehouse.verdicts import Decision


def seen(*windows, knobs=comparison.DEFAULT):
    """Return the verdict on one of three metrics after these windows."""
    evidence = Evidence()
    for window in windows:
        evidence = comparison.grown("errors", evidence, Window(*window), knobs)
    return comparison.judge("errors", evidence, knobs)


def test_worse_is_rejected():
    """Four times the errors, window after window, rolls back, and the sentence says by which odds."""
    check = seen(*[(150, 6, 2850, 28)] * 6)
    assert check.decision == Decision.REJECT
    assert check.limit == pytest.approx(3 / 0.0475)
    assert check.observed >= check.limit
    assert "more errors than stable" in check.why


def test_equal_is_promoted():
    """The same rate as stable's goes on, proven below twice as much."""
    check = seen(*[(1500, 75, 1500, 76)] * 4)
    assert check.decision == Decision.PROMOTE
    assert "below 2 times stable's" in check.why


def test_flawless_is_promoted():
    """Where nothing ever fails, the canary's own rate decides."""
    check = seen((400, 0, 5000, 0))
    assert check.decision == Decision.PROMOTE
    assert "rate of errors is below 0.02" in check.why


@pytest.mark.parametrize("windows", [[], [(0, 0, 3000, 15)], [(20, 0, 380, 2)], [(30, 1, 570, 9)]])
def test_little_is_held(windows):
    """A few requests prove nothing."""
    check = seen(*windows)
    assert check.decision == Decision.HOLD
    assert "not settled" in check.why


def test_overwhelming_odds_are_finite():
    """Odds that no float holds are said as the most that is read."""
    check = seen(*[(3000, 3000, 3000, 0)] * 5)
    assert (check.decision, check.observed) == (Decision.REJECT, sequential.MOST_ODDS)


def test_looser_settings_let_more_through():
    """With a ratio of 5 tolerated from the start, four times the errors is no reason to roll back."""
    windows = [(150, 6, 2850, 28)] * 6
    assert seen(*windows, knobs=Knobs(same=5.0, tolerated=10.0)).decision != Decision.REJECT
