"""How long requests take."""

import sample_verdicts

from gatehouse.report.plots import latency


def test_words_say_both() -> None:
    """The median and the p95 of both models are said, in milliseconds."""
    (row,) = sample_verdicts.timed().checks[0].details["latency"]
    chart = latency.chart("p", row)
    assert chart.title == "How long one row takes"
    assert chart.description == "Champion: median 10 ms, p95 13 ms; candidate: median 10.5 ms, p95 14 ms."
    assert ">champion<" in chart.svg


def test_first_model_is_alone() -> None:
    """A first model is drawn without a champion."""
    row = sample_verdicts.timed(champion=False).checks[0].details["latency"][1]
    chart = latency.chart("p", row)
    assert chart.description == "Candidate: median 10.5 ms, p95 14 ms."
    assert ">champion<" not in chart.svg


def test_share_lies_between_levels() -> None:
    """A share that is no level is found between its neighbours."""
    assert latency.at(0.5, [0.4, 0.6], [10.0, 20.0]) == 15.0
