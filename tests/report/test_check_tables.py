"""The checks as tables: metrics, slices, gaps, and what is none of them."""

import sample_verdicts

from gatehouse.report import check_tables
from gatehouse.verdicts import Check, Decision


def test_metrics_slices_others() -> None:
    """Each check stands in one table, and the tables in the order in which they are read."""
    checks = [sample_verdicts.GOOD, *sample_verdicts.slices(), sample_verdicts.improvement()]
    made = check_tables.found(sample_verdicts.verdict(*checks))
    assert [table.title for table in made] == ["", "Slices, worst first", "Other checks"]
    assert [len(table.rows) for table in made] == [1, 3, 1]
    assert made[1].lead.startswith("2 of 3 slices were judged")


def test_gaps_follow_slices() -> None:
    """The gaps between groups have a table of their own, between the slices and the others."""
    checks = [sample_verdicts.GOOD, *sample_verdicts.gaps(), *sample_verdicts.slices()]
    made = check_tables.found(sample_verdicts.verdict(*checks))
    assert [table.title for table in made] == ["Slices, worst first", "Gaps between groups", "Other checks"]


def test_lone_sentence_needs_no_table() -> None:
    """A check without numbers is said once; numbers are always shown."""
    assert check_tables.found(sample_verdicts.error()) == []
    assert check_tables.found(sample_verdicts.verdict()) == []
    assert len(check_tables.found(sample_verdicts.rollout())) == 1


def test_sum_without_slices_is_a_check() -> None:
    """Where there is no slice to list, what is said of all of them is a row."""
    count = sample_verdicts.slices()[0]
    (made,) = check_tables.found(sample_verdicts.verdict(count, sample_verdicts.GOOD))
    assert made.rows[0][0] == "slices"


def test_empty_columns_are_left_out() -> None:
    """A column in which no check has a number says nothing."""
    (made,) = check_tables.found(sample_verdicts.verdict(Check("a", Decision.HOLD, "b", n=3), sample_verdicts.GOOD))
    assert (made.header, made.numeric) == (("check", "n"), (False, True))
    assert made.rows == (("a", "3"), ("f1", "–"))


def test_equal_checks_stay_apart() -> None:
    """Two checks that say the same are two rows."""
    (made,) = check_tables.found(sample_verdicts.verdict(sample_verdicts.GOOD, sample_verdicts.GOOD))
    assert len(made.rows) == 2
