"""Memory: a process that grows beyond the limits is refused, and what does not matter is not."""

import pytest

from gatehouse.gates import memory
from gatehouse.gates.memory import Footprint, Knobs
from gatehouse.verdicts import Check, Decision

CHAMPION = Footprint([258.0, 260.0], 1.3)


def judged(candidate: Footprint, champion: Footprint | None = CHAMPION, knobs: Knobs | None = None) -> dict[str, Check]:
    """Judge, and return the checks by name."""
    return {check.name: check for check in memory.judge(candidate, champion, knobs or Knobs())}


def test_same_memory_passes() -> None:
    """A model that needs what the champion needs passes every check, and both sizes are said."""
    checks = judged(Footprint([261.0, 259.0], 1.4))
    assert [check.decision for check in checks.values()] == [Decision.PROMOTE] * 3
    assert "the champion's 1.3 MB" in checks["bundle size, MB"].why


def test_doubled_memory_is_rejected() -> None:
    """Twice the champion's memory is refused, with both numbers in the sentence."""
    check = judged(Footprint([518.0, 520.0], 1.3))["peak memory, ratio"]
    assert (check.decision, check.limit) == (Decision.REJECT, 1.5)
    why = "A process that serves the candidate has 519 MB at its peak, and the champion's 259 MB: 2 times as much."
    assert check == Check("peak memory, ratio", Decision.REJECT, why, 519 / 259, 1.5, n=2)


def test_small_growth_does_not_matter() -> None:
    """Where little is needed, a ratio says nothing: 50 MB more are let through."""
    small, more = Footprint([60.0], 1.0), Footprint([110.0], 1.0)
    check = judged(more, small)["peak memory, ratio"]
    assert check.decision == Decision.PROMOTE
    assert check.why.endswith("1.83 times as much, but only 50 MB more, and 64 MB more do not matter.")
    even = judged(Footprint([124.0], 1.0), small)["peak memory, ratio"]
    assert (even.decision, "64 MB more, and" in even.why) == (Decision.PROMOTE, True)
    assert judged(Footprint([390.0], 1.0), Footprint([260.0], 1.0))["peak memory, ratio"].why.endswith("as much.")
    assert judged(more, small, Knobs(growth_floor_mb=0))["peak memory, ratio"].decision == Decision.REJECT


def test_largest_peak_counts() -> None:
    """The absolute limit is for the process that needed most."""
    check = judged(Footprint([300.0, 2100.0], 1.3), None)["peak memory, MB"]
    why = "A process that serves the candidate had 2,100 MB at its peak; 2,048 MB are allowed."
    assert check == Check("peak memory, MB", Decision.REJECT, why, 2100.0, 2048.0, n=2)
    assert judged(Footprint([2048.0], 500.0), None)["peak memory, MB"].decision == Decision.PROMOTE


def test_heavy_bundle_is_rejected() -> None:
    """A bundle above its limit is refused, without a champion too."""
    checks = judged(Footprint([260.0], 612.0), None)
    why = "The bundle has 612 MB; 500 MB are allowed."
    assert checks["bundle size, MB"] == Check("bundle size, MB", Decision.REJECT, why, 612.0, 500.0)
    assert judged(Footprint([260.0], 500.0), None)["bundle size, MB"].decision == Decision.PROMOTE
    assert set(checks) == {"peak memory, MB", "bundle size, MB"}


@pytest.mark.parametrize(
    ("candidate", "champion"),
    [
        (Footprint([], 1.3), None),
        (Footprint([float("nan")], 1.3), None),
        (Footprint([260.0], float("nan")), None),
        (Footprint([0.0], 1.3), CHAMPION),
        (Footprint([260.0], 1.3), Footprint([], 1.3)),
        (Footprint([260.0], 1.3), Footprint([float("nan")], 1.3)),
    ],
)
def test_missing_sizes_are_errors(candidate: Footprint, champion: Footprint | None) -> None:
    """A process that did not say what it needed is no evidence."""
    why = "Not every process said what memory it had: time the models again."
    n = len(candidate.peaks_mb)
    assert list(judged(candidate, champion).values()) == [Check("peak memory, MB", Decision.ERROR, why, n=n)]
