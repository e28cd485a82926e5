"""The table of metrics: one row each, in numbers that can be compared."""

import pytest
import sample_verdicts

from gatehouse.report import metric_table
from gatehouse.verdicts import Check, Decision


def test_row_compares_two_models() -> None:
    """Champion, candidate, difference with interval and limit stand side by side, with the same decimals."""
    made = metric_table.make(sample_verdicts.gates()[0].checks[:3], "")
    assert made.header == ("metric", "champion", "candidate", "difference (90 % interval)", "limit")
    assert made.rows[0] == ("f1", "0.7312", "0.7435", "+0.0123 (-0.0037 to +0.0283)", "-0.02")
    assert [row[0] for row in made.rows] == ["f1", "recall (guard)", "f1, against the anchor 1.3.0"]


def test_main_metric_comes_first() -> None:
    """Whatever the others say, the metric that decides leads."""
    checks = sample_verdicts.gates()[0].checks[:3]
    assert metric_table.make(checks[::-1], "").rows[0][0] == "f1"


@pytest.mark.parametrize(("metric", "value"), [("f1", "0.7310"), ("log_loss", "0.4500")])
def test_first_model_meets_a_floor(metric: str, value: str) -> None:
    """Without a champion there is a value, its interval and the floor."""
    made = metric_table.make([sample_verdicts.first_value(metric)], "")
    assert made.header == ("metric", "value", "interval", "floor")
    assert made.rows[0][:2] == (metric, value)
    assert made.note == ""


def test_other_opponent_is_named() -> None:
    """A model that is compared with a dummy is not said to be compared with the champion."""
    check = sample_verdicts.improvement()
    check = Check("beats a dummy", check.decision, check.why, details={**check.details, "against": "dummy"})
    made = metric_table.make([check], "")
    assert made.header[1] == "dummy"
    assert made.rows[0][0] == "f1 (beats a dummy)"


@pytest.mark.parametrize("name", ["guard f1", "guard"])
def test_guard_is_named_once(name: str) -> None:
    """A check's name says which part its metric plays, whether or not it names the metric too."""
    check = Check(name, Decision.HOLD, "", advisory=True, details=sample_verdicts.improvement().details)
    assert metric_table.label(check, "champion") == "f1 (guard)"
    assert metric_table.word(check) == "hold (does not block)"


@pytest.mark.parametrize(
    ("low", "high", "limit", "places"),
    [(-0.0037, 0.0283, -0.02, 4), (-0.020004, 0.0119, -0.02, 6), (-0.02, 0.012, -0.02, 4), (-35.0, 12.0, -20.0, 1)],
)
def test_ends_never_read_as_the_limit(low: float, high: float, limit: float, places: int) -> None:
    """An end that lies beside the limit is written so that it is seen on which side."""
    assert metric_table.precision(low, high, limit) == places


def test_missing_numbers_do_not_fit() -> None:
    """A check without the numbers of a comparison is no row here."""
    assert not metric_table.fits(Check("quality", Decision.ERROR, "No.", details={"metric": "f1"}))
    assert metric_table.fits(sample_verdicts.first_value())


def test_unsaid_sentences_are_shown() -> None:
    """A row that is not good has its sentence, unless the verdict has just said it."""
    held = sample_verdicts.gates()[1]
    whys = metric_table.make([check for check in held.checks if metric_table.fits(check)], held.why).whys
    assert whys[0] == ""
    assert [bool(why) for why in whys] == [False, False, True]
