"""The metric against the champion, or against the floor."""

from typing import Any

import pytest
import sample_verdicts
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.report.plots import first, quality

NUMBERS = st.floats(-1e6, 1e6)


def test_words_have_the_numbers() -> None:
    """Who cannot see the plot reads both values, the interval, the limit and what the rows could have shown."""
    found = {"n": 12_034, **sample_verdicts.improvement().details}
    words = quality.chart("p", found).description
    assert words == (
        "Champion 0.7312, candidate 0.7435: a difference of +0.0123, interval -0.0037 to 0.0283, on 12,034 rows. "
        "The limit is -0.02. These rows can rule out losses of 0.0213 and more."
    )


def test_plot_has_the_numbers() -> None:
    """The improvement and the limit are written into the plot."""
    text = quality.chart("p", sample_verdicts.improvement(-0.05).details).svg
    for words in (">-0.05<", ">limit -0.02<", ">champion<"):
        assert words in text


def test_floor_is_named() -> None:
    """A first model's plot has its value and the floor."""
    chart = first.chart("p", {"n": 500, **sample_verdicts.first_value().details})
    assert ">floor 0.6<" in chart.svg
    assert ">0.731<" in chart.svg
    assert chart.description == "f1 is 0.731, interval 0.71 to 0.752, on 500 rows. The floor is 0.6."


def test_loss_is_worse_above() -> None:
    """For a loss the forbidden side lies to the right of the floor, for a metric to the left."""
    loss, metric = (sample_verdicts.first_value(name).details for name in ("log_loss", "f1"))
    assert forbidden(loss) > 300
    assert forbidden(metric) < 300


def forbidden(found: Any) -> float:
    """Return where the shaded area begins, in a plot of the width 648."""
    shaded = first.chart("p", found).svg.split('id="p-patch_1"')[1]
    return float(shaded.split('d="M ')[1].split()[0])


@settings(max_examples=6, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_any_numbers_are_drawn(delta: float, low: float, high: float, limit: float) -> None:
    """Whatever the numbers are, equal ones too, there is a plot."""
    found = {"metric": "m", "champion": 0.0, "candidate": delta, "delta": delta, "low": low, "high": high}
    assert quality.chart("p", {**found, "limit": limit}).svg.startswith("<svg")
    assert first.chart("p", {**found, "delta": None, "limit": limit}).svg.startswith("<svg")


@pytest.mark.parametrize("resolution", [None, 0.0213])
def test_resolution_is_said_if_known(resolution: float | None) -> None:
    """Without a resolution nothing is said of it."""
    found = {**sample_verdicts.improvement().details, "resolution": resolution}
    assert ("rule out" in quality.chart("p", found).description) == (resolution is not None)
