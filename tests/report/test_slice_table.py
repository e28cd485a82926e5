"""The table of slices: the worst first, and what was not judged last."""

import sample_verdicts

from gatehouse.report import slice_table
from gatehouse.verdicts import Check, Decision


def test_worst_comes_first() -> None:
    """A refused slice comes before larger losses that prove nothing; those not judged come last."""
    refused = sample_verdicts.lost("FR", 0.74, 0.66, 0.001, Decision.REJECT)
    larger = sample_verdicts.lost("DE", 0.74, 0.60, 0.2, Decision.PROMOTE)
    better = sample_verdicts.lost("IT", 0.74, 0.80, 1.0, Decision.PROMOTE)
    small = sample_verdicts.lost("LU", 0.74, 0.10, 0.3, Decision.HOLD)
    made = slice_table.make([small, better, larger, refused], [], "")
    assert [row[0] for row in made.rows] == ["country=FR", "country=DE", "country=IT", "country=LU"]
    assert made.words == ("reject", "promote", "promote", "not judged")


def test_row_has_both_models() -> None:
    """A drop is written as a change, whose limit lies below 0."""
    check = sample_verdicts.lost("FR", 0.7421, 0.6034, 0.0004, Decision.REJECT)
    expected = ("country=FR", "900", "recall", "0.7421", "0.6034", "-0.1387", "-0.05", "<0.001")
    assert slice_table.row(check) == expected


def test_sum_stands_above() -> None:
    """What is said of all slices stands above them, unless the verdict has said it."""
    count, *checks = sample_verdicts.slices()
    assert slice_table.make(checks, [count], "").lead == count.why
    assert slice_table.make(checks, [count], count.why).lead == ""


def test_title_is_the_slices_own() -> None:
    """A slice of bins or of several columns has a title, which is more than its column and level."""
    check = sample_verdicts.slice_of("FR", 0.1)
    titled = Check(check.name, check.decision, "", n=9, details={**check.details, "slice": "50 ≤ amount < 150"})
    assert slice_table.row(titled)[0] == "50 ≤ amount < 150"


def test_no_change_has_no_sign_of_loss() -> None:
    """A slice without any change is not written as a loss."""
    assert slice_table.row(sample_verdicts.slice_of("FR", 0.0))[5] == "+0.0000"


def test_unjudged_slice_has_no_sentence() -> None:
    """The words "not judged" say enough; a refused slice says why, unless the verdict did."""
    checks = sample_verdicts.slices(Decision.REJECT)[1:]
    assert [bool(why) for why in slice_table.make(checks, [], "").whys] == [True, False, False]
    assert not any(slice_table.make(checks, [], checks[0].why).whys)
