"""What a verdict's details hold decides which plots it has."""

from dataclasses import replace
from typing import Any

import pytest
import sample_verdicts

from gatehouse import verdicts
from gatehouse.report import choice
from gatehouse.verdicts import Check, Decision, Verdict


def titles(verdict: Verdict) -> list[str]:
    """Return the titles of a verdict's plots."""
    return [chart.title for chart in choice.charts(verdict, "plot")]


def test_gate_has_metric_and_slices() -> None:
    """A gate shows the metric against the champion, and every slice."""
    judged = sample_verdicts.verdict(sample_verdicts.improvement(), sample_verdicts.slice_of("DE", 0.01))
    assert titles(judged) == [
        "f1: the candidate against the champion",
        "The candidate against the champion, slice by slice",
    ]


def test_slice_has_its_own_name() -> None:
    """A slice of several columns is called what its check calls it."""
    check = sample_verdicts.slice_of("DE", 0.01)
    joined = replace(check, details={**check.details, "slice": "country=DE, device=ios"})
    assert [choice.slice_row(item)["slice"] for item in (check, joined)] == ["country=DE", "country=DE, device=ios"]


def test_gaps_are_drawn() -> None:
    """The gaps between groups are shown; a gap that grew has its check and no second dot."""
    made = sample_verdicts.verdict(*sample_verdicts.gaps())
    assert titles(made) == ["Gaps between groups"]
    (chart,) = choice.charts(made, "plot")
    assert "2 of 3 gaps have a limit." in chart.description
    assert "Refused: age: equalised odds." in chart.description


def test_first_model_has_floor() -> None:
    """A first model is shown against the floor."""
    assert titles(sample_verdicts.verdict(sample_verdicts.first_value())) == ["f1: the first model against the floor"]


def test_rollout_has_timeline() -> None:
    """A rollout is shown over time."""
    assert titles(sample_verdicts.rollout()) == ["The rollout over time"]


def test_drift_has_features() -> None:
    """A drift check shows every feature, from the verdict's details or from those of a check."""
    assert titles(sample_verdicts.drifted()) == ["Drift of each feature"]
    check = Check("drift", Decision.PROMOTE, "None.", details={"drift": sample_verdicts.drifts()})
    assert titles(sample_verdicts.verdict(check)) == ["Drift of each feature"]


@pytest.mark.parametrize("champion", [True, False], ids=["beside a champion", "first model"])
def test_serving_has_times(champion: bool) -> None:
    """What was timed is shown by its kinds, of a first model too."""
    assert titles(sample_verdicts.timed(champion)) == ["How long one row takes", "How long a batch takes"]


@pytest.mark.parametrize(
    "found",
    [
        {"candidate": [1.0, None], "levels": [0.1, 0.9]},
        {"candidate": [1.0], "levels": [0.1, 0.9]},
        {"candidate": [], "levels": []},
        {"candidate": "12", "levels": "12"},
        {"levels": [0.1, 0.9]},
        3,
    ],
    ids=str,
)
def test_broken_times_are_not_drawn(found: Any) -> None:
    """Times that were no numbers, or are not there, have no plot."""
    row = {"kind": "one row", **found} if isinstance(found, dict) else found
    assert titles(sample_verdicts.verdict(Check("median", Decision.ERROR, "No.", details={"latency": [row]}))) == []


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"drift": [], "timeline": []},
        {"drift": [{"feature": "a", "effect": None, "floor": 0.1}], "timeline": [{"t": None}]},
        {"drift": "text", "timeline": {"t": 3}},
        {"drift": [3, None], "timeline": [None]},
    ],
)
def test_nothing_to_draw(details: dict[str, Any]) -> None:
    """Without numbers there is no plot, and no error."""
    assert titles(sample_verdicts.verdict(**details)) == []


def test_nan_is_not_drawn() -> None:
    """A metric that came back from JSON as null has no plot."""
    check = sample_verdicts.improvement()
    broken = Check("quality", Decision.ERROR, "NaN.", details={**check.details, "low": float("nan")})
    again = verdicts.from_json(sample_verdicts.verdict(broken).to_json())
    assert titles(again) == []


@pytest.mark.parametrize(
    "verdict",
    [sample_verdicts.rollout(), sample_verdicts.drifted(), sample_verdicts.timed()],
    ids=["rollout", "drift", "times"],
)
def test_stored_verdict_draws_the_same(verdict: Verdict) -> None:
    """A report made from the stored JSON has the same plots as one made at once."""
    assert choice.charts(verdicts.from_json(verdict.to_json()), "p") == choice.charts(verdict, "p")
