"""What the plots have in common."""

from gatehouse.report.plots import marks


def test_long_name_is_cut() -> None:
    """A long name keeps its beginning, a short one stays."""
    assert marks.cut("x" * 100) == "x" * (marks.LONGEST_NAME - 1) + "…"
    assert marks.cut("amount") == "amount"


def test_nothing_left_out() -> None:
    """A plot that shows everything says nothing of more."""
    assert marks.left_out(marks.MOST_ROWS) == ""
