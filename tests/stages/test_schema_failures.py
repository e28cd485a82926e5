"""Everything in which a table breaks its schema is found, each thing once, and named."""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from gatehouse import workload
from gatehouse.gates.data import Failure
from gatehouse.stages import schema_failures

SCHEMA = pa.DataFrameSchema(
    {
        "order": pa.Column(str, unique=True, metadata={"role": "id"}),
        "when": pa.Column("datetime64[us]", metadata={"role": "time"}),
        "price": pa.Column(float, pa.Check.in_range(0, 9), nullable=True, metadata={"maximum_missing": 0.2}),
        "items": pa.Column(int, pa.Check.ge(1)),
        "gift": pa.Column(bool),
        "town": pa.Column(str, pa.Check.isin(["Rome", "Oslo"]), metadata={"sensitive": True}),
        "returned": pa.Column(int, metadata={"role": "target", "task": "binary", "positive": 1}),
    },
    strict=True,
)
CONTRACT = workload.contract_of(SCHEMA)


def table(count: int = 20, **changed: Any) -> pd.DataFrame:
    """Return good rows, with the columns replaced that are given."""
    good: dict[str, Any] = {
        "order": [f"o{number}" for number in range(count)],
        "when": pd.date_range("2026-01-01", periods=count, unit="us"),
        "price": np.linspace(0, 9, count),
        "items": range(1, count + 1),
        "gift": [number % 2 == 0 for number in range(count)],
        "town": ["Rome", "Oslo"] * (count // 2),
        "returned": [0, 1] * (count // 2),
    }
    return pd.DataFrame({**good, **changed})


def found(rows: pd.DataFrame, schema: pa.DataFrameSchema = SCHEMA) -> list[Failure]:
    """Return the failures of some rows."""
    return schema_failures.find(rows, schema, CONTRACT)


def replaced(value: Any, *places: int, column: str) -> pd.DataFrame:
    """Return good rows with `value` in some places of one column."""
    rows = table().astype({column: object})
    rows.loc[list(places), column] = value
    return table(**{column: rows[column].tolist()})


def test_good_rows_have_none():
    """Rows that are what the schema says have no failure."""
    assert found(table()) == []


@pytest.mark.parametrize(
    ("rows", "failure"),
    [
        (replaced(-1.0, 2, 5, column="price"), Failure("price", "in_range", "from 0 to 9", 2, 0, ("-1.0",))),
        (replaced(0, 4, column="items"), Failure("items", "greater_than_or_equal_to", "at least 1", 1, 0, ("0",))),
        (replaced("Bonn", 4, column="town"), Failure("town", "isin", "one of Oslo, Rome", 1)),
        (replaced("o1", 2, column="order"), Failure("order", "unique", "different in every row", 2, 0, ("o1",))),
        (replaced(None, 3, column="returned"), Failure("returned", "missing", "there in every row", 1)),
        (replaced(None, 3, column="gift"), Failure("gift", "missing", "there in every row", 1)),
        (replaced(None, 3, column="when"), Failure("when", "missing", "there in every row", 1)),
        (
            replaced(None, *range(5), column="price"),
            Failure("price", "missing", "there in at least 80% of the rows", 5, 4),
        ),
        (replaced(None, *range(20), column="town"), Failure("town", "missing", "there in every row", 20)),
        (
            replaced("dear", 3, column="price"),
            Failure("price", "type", "numbers, and came as object", 1, 0, ("dear",)),
        ),
        (
            replaced(1.5, 3, column="items"),
            Failure("items", "type", "whole numbers, and came as float64", 1, 0, ("1.5",)),
        ),
        (
            replaced("maybe", 3, column="gift"),
            Failure("gift", "type", "true or false, and came as object", 1, 0, ("maybe",)),
        ),
        (
            table(when=["2026-01-01"] * 19 + ["soon"]),
            Failure("when", "type", "points in time, and came as str", 1, 0, ("soon",)),
        ),
        (
            table(price=["1", "2"] * 10),
            Failure("price", "type", "numbers, and came as str", 20, 0, ("1", "2")),
        ),
        (table().drop(columns="price"), Failure("price", "column", "is not in the data", 20)),
        (table(more=1), Failure("more", "column", "is in the data, and the schema does not know it", 20)),
    ],
    ids=lambda value: f"{value.column}-{value.rule}" if isinstance(value, Failure) else "",
)
def test_each_fault_is_named(rows: pd.DataFrame, failure: Failure):
    """A planted fault is found once, with what was expected, how often it was broken, and by what."""
    assert found(rows) == [failure]


def test_all_faults_at_once():
    """Faults in several columns are all found in one go, in the order of the schema."""
    rows = table(price=-1.0, items=0, town="Bonn").drop(columns="when")
    assert [failure.column for failure in found(rows)] == ["when", "price", "items", "town"]


def test_renamed_column_is_guessed():
    """A column under a new name is missed under the old one, with the likely new name."""
    first = found(table().rename(columns={"price": "prices"}))[0]
    assert first.expected == "is not in the data; 'prices' is, and may be its new name"


def test_sensitive_values_stay_secret():
    """No value of a sensitive column is shown as an example."""
    assert all("Bonn" not in str(failure) for failure in found(table(town="Bonn")))


def test_infinity_is_missing():
    """An infinite number is no value: it counts as missing."""
    schema = pa.DataFrameSchema({**SCHEMA.columns, "price": pa.Column(float, nullable=True)}, strict=True)
    rows = table(price=[np.inf] * 5 + [1.0] * 15)
    assert [failure.rule for failure in found(rows, schema)] == ["missing"]


def test_repeated_ids_without_rule():
    """An id must be unique, even if the schema forgot to say so."""
    schema = pa.DataFrameSchema({**SCHEMA.columns, "order": pa.Column(str)}, strict=True)
    assert [failure.rule for failure in found(replaced("o1", 2, column="order"), schema)] == ["unique"]


def test_own_rule_is_named():
    """A rule over several columns, written by the user, is named by its own words."""
    rule = pa.Check(lambda rows: rows["price"] <= rows["items"], name="cheap", error="price at most items")
    schema = pa.DataFrameSchema(SCHEMA.columns, checks=rule)
    expected = [Failure("the rows", "cheap", "price at most items", 2)]
    assert found(table(price=[9.0, 9.0] + [0.0] * 18), schema) == expected


def test_failing_rule_is_no_pass():
    """A rule that cannot be computed is a failure, not a pass."""

    def broken(rows: pd.DataFrame) -> pd.Series:
        raise ZeroDivisionError

    schema = pa.DataFrameSchema(SCHEMA.columns, checks=pa.Check(broken, name="broken"))
    assert [failure.rule for failure in found(table(), schema)] == ["broken"]


def test_empty_table_lacks_columns_only():
    """Without rows no value can be wrong, but a column can be absent."""
    assert found(table(0)) == []
    assert [failure.column for failure in found(table(0).drop(columns="town"))] == ["town"]


def test_column_twice_is_named():
    """Two columns of one name cannot be told apart, so nothing else is judged."""
    rows = pd.concat([table(), table()[["price"]]], axis=1)
    assert found(rows) == [Failure("price", "column", "is in the data more than once", 20)]
