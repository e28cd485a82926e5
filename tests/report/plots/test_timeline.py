"""A rollout over time."""

import pytest
import sample_verdicts

from gatehouse.report.plots import timeline


def test_words_tell_the_course() -> None:
    """The weights in their order, the time, the requests and the failures are said."""
    details = sample_verdicts.rollout(failing=True).details
    assert timeline.chart("p", details["timeline"], details["limits"]).description == (
        "Weights in percent: 5, 10, 25, 0, over 12 seconds. The canary answered 400 requests; 36 of them failed."
    )


def test_rollback_is_marked() -> None:
    """A canary that lost its traffic is marked, one that went through is not."""
    for failing in (True, False):
        details = sample_verdicts.rollout(failing).details
        text = timeline.chart("p", details["timeline"], details["limits"]).svg
        assert (">rolled back<" in text) == failing
        assert text.count(">limit<") == 3


def test_one_look_is_enough() -> None:
    """A rollout that was looked at once, with nothing measured and no limits, has a plot."""
    text = timeline.chart("p", [{"t": 1.0, "weight": 5, "error_rate": None, "p95_ms": None}], {}).svg
    assert text.count(">not measured<") == 3
    assert ">limit<" not in text


@pytest.mark.parametrize(("span", "unit"), [(0, "seconds"), (299, "seconds"), (300, "minutes"), (7200, "hours")])
def test_unit_fits_the_span(span: float, unit: str) -> None:
    """Short rollouts are read in seconds, bakes of days in hours."""
    assert timeline.unit_of(span)[0] == unit


def test_unknown_is_a_gap() -> None:
    """What was not measured is no zero."""
    first, second = timeline.numbers([{"p95_ms": None}, {"p95_ms": 3}], "p95_ms")
    assert first != first
    assert second == 3.0


def test_infinite_latency_is_not_drawn() -> None:
    """A p95 beyond the last bucket of the histogram is infinite, and breaks nothing."""
    points = [{"t": 0.0, "weight": 5, "p95_ms": 20.0}, {"t": 1.0, "weight": 5, "p95_ms": float("inf")}]
    assert timeline.chart("p", points, {"latency_p95_ms": 200.0}).svg.startswith("<svg")


def test_copies_are_no_rollback() -> None:
    """The time of a shadow is marked as such; weights of 0 before the first step are no end."""
    phases = [("starting", 0), ("shadowing", 0), ("shadowing", 0), ("baking", 10), ("promoted", 100)]
    points = [{"t": 10 * place, "phase": phase, "weight": weight} for place, (phase, weight) in enumerate(phases)]
    text = timeline.chart("shadow", points, {}).svg
    assert ">copies only<" in text
    assert ">rolled back<" not in text
    assert timeline.describe(points).endswith("First it got copies of requests only.")
