"""The dots of the slices."""

from typing import Any

from gatehouse.report.plots import marks, slices


def row(name: str, change: float, refused: bool = False, judged: bool = True) -> dict[str, Any]:
    """Return one slice."""
    return {"slice": name, "measure": "recall", "change": change, "limit": -0.05, "refused": refused, "judged": judged}


def test_words_name_the_refused() -> None:
    """The lowest slice that was judged is named, and those that were refused."""
    rows = [row("DE", 0.01), row("FR", -0.14, refused=True), row("LU", -0.4, judged=False)]
    assert slices.chart("p", rows).description == (
        "2 of 3 slices have enough rows to be judged; the hollow dots have too few. "
        "The lowest is FR with -0.14. Refused: FR."
    )


def test_lowest_come_first() -> None:
    """The judged slices come lowest first, those not judged last."""
    text = slices.chart("p", [row("LU", -0.4, judged=False), row("DE", 0.01), row("FR", -0.14, refused=True)]).svg
    assert text.index("FR · recall") < text.index("DE · recall") < text.index("LU · recall")


def test_many_are_cut() -> None:
    """Of many slices the lowest are drawn, and the plot says so."""
    text = slices.chart("p", [row(f"level-{number}", number / 100) for number in range(50)]).svg
    assert "level-23" in text
    assert "level-24" not in text
    assert f"the {marks.MOST_ROWS} lowest or largest of 50" in text


def test_none_judged() -> None:
    """Slices that were all too small are drawn, and none is called the lowest."""
    words = slices.chart("p", [row("LU", -0.4, judged=False) | {"limit": None}]).description
    assert words.startswith("0 of 1 slices")
    assert "lowest" not in words
