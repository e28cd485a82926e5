"""The dots of the gaps."""

from typing import Any

from gatehouse.report.plots import fairness, marks


def row(name: str, gap: float, limit: float | None = 0.2, refused: bool = False) -> dict[str, Any]:
    """Return one gap."""
    return {"name": name, "gap": gap, "low": gap / 2, "high": gap * 2, "limit": limit, "refused": refused}


def test_words_name_the_largest() -> None:
    """The largest gap that has a limit is named, and those that were refused."""
    rows = [row("sex", 0.1), row("age", 0.5, refused=True), row("country", 0.9, limit=None)]
    assert fairness.chart("p", rows).description == (
        "2 of 3 gaps have a limit. The largest is age with 0.5, interval 0.25 to 1. Refused: age."
    )


def test_limited_come_first() -> None:
    """What decides comes first, the largest gap above; what is only reported comes last."""
    text = fairness.chart("p", [row("country", 0.9, limit=None), row("sex", 0.1), row("age", 0.5)]).svg
    assert text.index("age") < text.index("sex") < text.index("country")


def test_none_limited() -> None:
    """Gaps without a limit are drawn, and none is called the largest."""
    words = fairness.chart("p", [row("sex", 0.1, limit=None)]).description
    assert words == "0 of 1 gaps have a limit. None is refused."


def test_many_are_cut() -> None:
    """Of many gaps the largest are drawn, and the plot says so."""
    text = fairness.chart("p", [row(f"column-{number:02}", 1 - number / 100) for number in range(50)]).svg
    assert "column-23" in text
    assert "column-24" not in text
    assert f"the {marks.MOST_ROWS} lowest or largest of 50" in text
