"""The bars of drift."""

import sample_verdicts

from gatehouse.report.plots import drift, marks


def test_words_name_what_drifted() -> None:
    """The features with an alarm are named once each, or that there is none."""
    rows = sample_verdicts.drifts()
    assert "Drifted: feature_0." in drift.chart("p", [*rows, {**rows[0], "test": "missing"}]).description
    assert "Nothing drifted." in drift.chart("p", rows[1:]).description


def test_alarm_is_not_colour_alone() -> None:
    """A bar with an alarm has a word, too, for those who see no colour."""
    assert drift.chart("p", sample_verdicts.drifts()).svg.count("0.42  drifted<") == 1


def test_alarmed_come_first() -> None:
    """What drifted comes before what is merely large."""
    rows = [
        {**sample_verdicts.drifts()[0], "feature": "large", "alarmed": False, "effect": 5.0},
        *sample_verdicts.drifts(),
    ]
    text = drift.chart("p", rows).svg
    assert text.index("feature_0 · ks") < text.index("large · ks")


def test_huge_effect_is_cut() -> None:
    """An effect that is far above all others does not hide them, and keeps its number."""
    rows = [{**sample_verdicts.drifts()[0], "effect": 1e6}, *sample_verdicts.drifts()]
    assert "1,000,000  drifted<" in drift.chart("p", rows).svg


def test_many_are_cut() -> None:
    """Of very many features the largest are drawn, and the plot says so."""
    assert f"the {marks.MOST_ROWS} lowest or largest of 40" in drift.chart("p", sample_verdicts.drifts(40)).svg


def test_ratio_is_of_the_floor() -> None:
    """A bar's length is the effect in multiples of its floor."""
    assert drift.ratio({"effect": 0.42, "floor": 0.1}) == 0.42 / 0.1
