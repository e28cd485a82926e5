import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.contract import Column, Contract
from gatehouse.serving import values

AGE = Column("age", "number", minimum=0, maximum=120)
COUNT = Column("count", "integer")
FLAG = Column("flag", "boolean")
SIZE = Column("size", "category", categories=("small", "large"), maximum_missing=0.1)
SEEN = Column("seen", "time")
KEY = Column("key", "integer", role="id")


@pytest.mark.parametrize(
    ("column", "value", "clean"),
    [
        (AGE, 42, 42.0), (AGE, 0, 0.0), (AGE, 120, 120.0), (AGE, 1e-300, 1e-300),
        (COUNT, 7, 7), (COUNT, 7.0, 7), (COUNT, -(2**53), -(2**53)),
        (FLAG, True, True), (FLAG, False, False),
        (SIZE, "small", "small"), (SIZE, "huge", "huge"), (SIZE, None, None), (SIZE, "", ""),
        (SEEN, "2026-01-31T12:00:00", "2026-01-31 12:00:00"), (SEEN, "2026-01-31", "2026-01-31 00:00:00"),
        (KEY, 7, "7"), (KEY, "007", "007"), (KEY, None, None),
    ],
)  # fmt: skip
def test_reads_fitting_values(column: Column, value: Any, clean: Any) -> None:
    """What fits comes back in the one form that model and log see."""
    read = values.read(value, column)
    assert read == clean
    assert type(read) is type(clean)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (AGE, None), (AGE, "42"), (AGE, True), (AGE, -1), (AGE, 121), (AGE, math.inf), (AGE, math.nan), (AGE, 10**400),
        (AGE, [1]), (COUNT, 7.5), (COUNT, 2**53 + 2), (COUNT, 1e300), (COUNT, False), (FLAG, 1), (FLAG, "true"),
        (SIZE, 1), (SIZE, {}), (SIZE, "\ud800"), (SEEN, "yesterday"), (SEEN, 1700000000), (KEY, 1.5), (KEY, True),
    ],
)  # fmt: skip
def test_refuses_unfitting_values(column: Column, value: Any) -> None:
    """What does not fit is refused, saying what was expected."""
    with pytest.raises(ValueError, match="^" + values.expected(column)):
        values.read(value, column)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (Column("x", "number", minimum=0), 1e39, "a finite number of at least 0, and at most 3.4e+38"),
        (Column("x", "number", maximum=1), -(10**400), "a finite number of at most 1, and at least -3.4e+38"),
        (Column("x", "number", maximum=1), 1e39, "a finite number of at most 1"),
        (COUNT, 2**53 + 2, "an integer, and at most 9007199254740992"),
        (COUNT, "7", "an integer"),
    ],
)
def test_names_an_end_that_the_schema_does_not(column: Column, value: Any, said: str) -> None:
    """A number that no model can compute with is refused, also where the schema names no end."""
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        values.read(value, column)


def test_says_what_is_expected() -> None:
    """The message names the kind, the range, and whether null will do."""
    assert values.expected(AGE) == "a finite number from 0 to 120"
    assert values.expected(Column("x", "number", minimum=1)) == "a finite number of at least 1"
    assert values.expected(Column("x", "integer", maximum=9)) == "an integer of at most 9"
    assert values.expected(SIZE) == "a text, or null"


def test_says_what_a_client_may_send() -> None:
    """Known categories are listed, at most so many; whether a value may be missing is another matter."""
    assert values.takes(SIZE) == "a text: small, large; or one that it does not know"
    assert values.takes(Column("size", "category", categories=("s", "l"), unseen="refuse")) == "one of s, l"
    many = Column("zip", "category", categories=tuple(map(str, range(1000))), maximum_missing=0.1)
    assert values.takes(many).endswith("28, 29, ...; or one that it does not know")
    assert (values.takes(KEY), values.optional(KEY)) == ("a text or an integer", True)
    assert [values.optional(column) for column in (SIZE, AGE)] == [True, False]


def test_lists_known_levels() -> None:
    """A column with a list knows its levels and a missing one; a column without a list, or an id, counts none."""
    columns = {column.name: column for column in (SIZE, Column("free", "category"), KEY)}
    assert values.levels(columns) == {"size": {"small", "large", None}}


def test_refuses_unseen_categories() -> None:
    """Where the schema refuses what it does not list, the list is what was expected."""
    column = Column("size", "category", categories=("small", "large"), unseen="refuse")
    assert values.read("small", column) == "small"
    with pytest.raises(ValueError, match=r"^one of small, large$"):
        values.read("huge", column)


def test_writes_path_steps() -> None:
    """A plain name is a dotted step; any other is quoted, and cut short when a client made it long."""
    assert values.step("age") == ".age"
    assert values.step('a "b') == '["a \\"b"]'
    assert len(values.step("x" * 500)) < 80


@pytest.mark.parametrize("column", [AGE, COUNT, FLAG, SIZE, SEEN, Column("n", "integer", minimum=3, maximum=4)])
def test_examples_fit(column: Column) -> None:
    """The invented value of a column is one that the column takes."""
    values.read(values.example(column), column)


@pytest.mark.parametrize("missing", [None, math.nan, np.nan, pd.NaT, pd.NA])
def test_plain_knows_missing(missing: Any) -> None:
    """Every way in which a table says missing becomes None."""
    assert values.plain(missing, SIZE) is None


@given(st.integers(-(2**51), 2**52))
def test_time_agrees_with_training(microseconds: int) -> None:
    """A time sent as JSON reaches the model as the same text as one from a training table."""
    contract = Contract((SEEN,), "binary")
    table = pd.DataFrame({"seen": pd.Series([microseconds], dtype="datetime64[us]")})
    sent = values.plain(table["seen"].iloc[0], SEEN)
    assert values.read(sent, SEEN) == contract.frame(table)["seen"].iloc[0]
