"""The data gate: good data passes, each failure is a rejection that a person can read, no row is an error."""

import pytest

from gatehouse.gates import data
from gatehouse.gates.data import Failure, Knobs
from gatehouse.verdicts import Check, Decision

KNOBS = Knobs(minimum_rows=100)
RANGE = Failure("price", "in_range", "from 0 to 9", 3, examples=("-1", "12"))


def decisions(checks: list[Check]) -> dict[str, Decision]:
    """Return each check's decision by its name."""
    return {check.name: check.decision for check in checks}


def test_good_data_promotes():
    """Rows enough and no failure pass."""
    rows, schema = data.judge([], 1100, KNOBS)
    assert rows == Check("rows", Decision.PROMOTE, "There are 1,100 rows; at least 100 are needed.", 1100, 100, n=1100)
    assert schema == Check("schema", Decision.PROMOTE, "All 1,100 rows are what the schema says.", 0, 0, n=1100)
    assert data.enough(100, KNOBS).decision == Decision.PROMOTE


def test_each_failure_rejects():
    """Every failure is a check of its own, and the rows are judged beside it."""
    absent = Failure("town", "column", "is not in the data", 100)
    checks = data.judge([RANGE, absent], 100, KNOBS)
    assert decisions(checks) == {"rows": "promote", "price: in_range": "reject", "town: column": "reject"}


def test_too_few_rows_reject():
    """One row too few is too few."""
    why = "There are 99 rows; [validate] minimum_rows asks for 100."
    assert data.enough(99, KNOBS) == Check("rows", Decision.REJECT, why, 99, 100, n=99)


def test_no_row_is_error():
    """Data without a row shows nothing, so it is neither good nor bad."""
    why = "There is not one row. Look at the source of the data, and at the window that was asked for."
    assert data.judge([], 0, KNOBS) == [Check("rows", Decision.ERROR, why, 0, 100, n=0)]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (RANGE, "'price' should be from 0 to 9: 3 of 100 rows are not, for example -1, 12."),
        (Failure("price", "type", "numbers", 100), "'price' should be numbers: no row is."),
        (
            Failure("age", "missing", "there in at least 90% of the rows", 30, allowed=10),
            "'age' should be there in at least 90% of the rows: 30 of 100 rows are not, and 10 may be so.",
        ),
        (Failure("town", "column", "is not in the data", 100), "'town' is not in the data."),
    ],
)
def test_sentence_says_all(failure: Failure, sentence: str):
    """What was expected, how many rows broke it and what they held is said in one sentence."""
    assert data.sentence(failure, 100) == sentence


def test_check_carries_the_failure():
    """The report can draw its table from the check."""
    check = data.refused(RANGE, 100)
    assert (check.observed, check.limit, check.n) == (3, 0, 100)
    assert check.why == data.sentence(RANGE, 100)
    assert check.details["examples"] == ("-1", "12")
