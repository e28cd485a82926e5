"""The table of gaps: the refused first, then the widest; what blocks nothing comes last."""

import sample_verdicts

from gatehouse.report import gap_table
from gatehouse.verdicts import Check, Decision

REFUSED, FINE, SHOWN, GROWN, FEW = sample_verdicts.gaps()


def test_worst_comes_first() -> None:
    """A refused gap comes first, then the widest; then what was not judged, and what has no limit."""
    made = gap_table.make([SHOWN, FEW, FINE, GROWN, REFUSED], "")
    assert [row[0] for row in made.rows] == ["age", "age", "country", "sex", "sex"]
    assert made.words == ("reject", "promote", "promote", "not judged", "reported")


def test_row_names_both_groups() -> None:
    """A gap says between which groups it is widest, and how wide it was for the champion."""
    expected = ("age", "equalised odds", "1, 2 (recall)", "0.2000", "0.4100", "0.273 to 0.615", "0.2")
    assert gap_table.row(REFUSED) == expected


def test_growth_has_a_sign() -> None:
    """The growth of a gap stands where the gap does, with its sign."""
    assert gap_table.row(GROWN) == ("age", "equalised odds, growth", "–", "0.2000", "+0.2100", "–", "0.3")


def test_doubtful_row_has_sentence() -> None:
    """What is refused or not judged says why, and so does a gap that looks too wide and is not proven to be."""
    wide = sample_verdicts.gap("country", 0.25, 0.2)
    assert gap_table.make([FINE, wide, FEW, SHOWN], "").whys == (wide.why, "", FEW.why, "")
    assert gap_table.make([REFUSED], REFUSED.why).whys == ("",)


def test_unjudged_limit_holds() -> None:
    """A limit for which no group has enough rows is a row without numbers."""
    details = {"group_column": "sex", "measure": "equalised odds"}
    check = Check("fairness sex: equalised odds", Decision.HOLD, "Too few.", limit=0.2, details=details)
    assert gap_table.row(check) == ("sex", "equalised odds", "–", "–", "–", "–", "0.2")
    assert gap_table.make([check], "").words == ("hold",)
