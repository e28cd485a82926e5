"""The tables of a report: the worst first, long ones short, anything at all in the cells."""

import pytest
import sample_verdicts
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report import tables
from gatehouse.verdicts import SEVERITY, Check, Decision

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(max_size=3), item, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.sampled_from(Decision), st.booleans())))
def test_worst_comes_first(kinds: list[tuple[Decision, bool]]) -> None:
    """The checks that count come first, worst first; the advisory ones follow, worst first."""
    checks = [Check("f1", decision, "Because.", advisory=advisory) for decision, advisory in kinds]
    listed = tables.worst_first(sample_verdicts.verdict(*checks))
    ranks = [(check.advisory, -SEVERITY.index(check.decision)) for check in listed]
    assert ranks == sorted(ranks)
    assert len(listed) == len(checks)


def test_advisory_is_marked() -> None:
    """A reader sees which check decides nothing."""
    assert tables.name_of(sample_verdicts.slice_of("LU", 0.4, Decision.HOLD)) == "slice country=LU (advisory)"


def test_long_table_is_cut() -> None:
    """A long table shows its first rows and says how many it left out."""
    made = tables.table("Failures", [{"row": number} for number in range(50)])
    assert (len(made.rows), made.more) == (tables.MOST_ROWS, 50 - tables.MOST_ROWS)


def test_bad_rows_are_never_folded() -> None:
    """Whatever is not good is to be seen; of too many rows the last are left out."""
    checks = [Check(str(place), Decision.REJECT if place < 12 else Decision.PROMOTE, "") for place in range(100)]
    made = tables.judged("", ("check",), (False,), [(check.name,) for check in checks], checks, [""] * 100)
    assert (made.unfolded, len(made.rows), made.more) == (12, tables.MOST_JUDGED, 100 - tables.MOST_JUDGED)
    assert len(made.decisions) == len(made.words) == len(made.whys) == len(made.rows)


def test_columns_are_of_all_rows() -> None:
    """A key that only a later row has is a column too, empty in the others."""
    made = tables.table("T", [{"a": 1}, {"b": "x"}])
    assert (made.header, made.rows) == (("a", "b"), (("1", "–"), ("–", "x")))
    assert made.numeric == (True, False)


@pytest.mark.parametrize("rows", [{"a": 1}, "text", 3, [1, "b"], [{"a": 1}, None]])
def test_odd_rows_are_shown(rows: object) -> None:
    """Rows that are no mappings are shown as they are."""
    made = tables.table("T", rows)
    assert made.rows
    assert all(len(row) == len(made.header) for row in made.rows)


@given(ANYTHING)
def test_details_never_fail(details: object) -> None:
    """Whatever stands under "tables" is shown or left out."""
    for table in tables.details(sample_verdicts.verdict(tables=details)):
        assert all(len(row) == len(table.header) == len(table.numeric) for row in table.rows)


def test_tables_of_checks_follow() -> None:
    """The tables of the verdict come first, then those of its checks."""
    check = Check("a", Decision.PROMOTE, "Good.", details={"tables": {"Second": [{"x": 1}], "Empty": []}})
    made = tables.details(sample_verdicts.verdict(check, tables={"First": [{"x": 1}]}))
    assert [table.title for table in made] == ["First", "Second"]


def test_drift_has_a_table() -> None:
    """The tests of drift are listed with the numbers that decide, the alarms first."""
    rows = sample_verdicts.drifts()[::-1]
    (made,) = tables.details(sample_verdicts.verdict(drift=rows))
    assert made.header == ("feature", "test", "effect", "floor", "q", "missing_reference", "missing_window", "alarmed")
    assert made.rows[0] == ("feature_0", "ks", "0.42", "0.1", "0.01", "0.01", "0.02", "yes")


def test_odd_drift_has_none() -> None:
    """Under the same key, anything else is left out."""
    assert (
        tables.details(sample_verdicts.verdict(drift=[3])) == tables.details(sample_verdicts.verdict(drift="x")) == []
    )
