"""From a pandera schema and a table to the list of everything in which the table breaks the schema."""

import difflib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrorReason as Reason

from gatehouse.contract import Column, Contract
from gatehouse.gates.data import Failure

EXAMPLES = 3
KINDS = {
    "number": "numbers",
    "integer": "whole numbers",
    "boolean": "true or false",
    "category": "text",
    "time": "points in time",
}
WORDING: dict[str, Callable[[dict[str, Any]], str]] = {
    "in_range": lambda s: (
        f"{_open(s['include_min'], 'from', 'above')} {_text(s['min_value'])} "
        f"{_open(s['include_max'], 'to', 'to below')} {_text(s['max_value'])}"
    ),
    "greater_than_or_equal_to": lambda s: f"at least {_text(s['min_value'])}",
    "less_than_or_equal_to": lambda s: f"at most {_text(s['max_value'])}",
    "greater_than": lambda s: f"above {_text(s['min_value'])}",
    "less_than": lambda s: f"below {_text(s['max_value'])}",
    "isin": lambda s: f"one of {_list(s['allowed_values'])}",
    "notin": lambda s: f"none of {_list(s['forbidden_values'])}",
}


def find(rows: pd.DataFrame, schema: pa.DataFrameSchema, contract: Contract) -> list[Failure]:
    """Return every failure of `rows`, in the order of the schema's columns; an empty list means that they are good."""
    twice = rows.columns[rows.columns.duplicated()].unique()
    if len(twice):
        return [Failure(str(name), "column", "is in the data more than once", len(rows)) for name in twice]
    found = [*_named_by_schema(rows, schema, contract), *_missing(rows, contract), *_repeated_ids(rows, contract)]
    order = {column.name: place for place, column in enumerate(contract.columns)}
    # Without rows only columns can be wrong: an empty column has no type.
    unique = {(failure.column, failure.rule): failure for failure in found if len(rows) or failure.rule == "column"}
    return sorted(unique.values(), key=lambda failure: order.get(failure.column, len(order)))


def _named_by_schema(rows: pd.DataFrame, schema: pa.DataFrameSchema, contract: Contract) -> Iterator[Failure]:
    columns = {column.name: column for column in contract.columns}
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            failure = _failure(error, rows, columns)
            if failure is not None:
                yield failure


def _failure(error: Any, rows: pd.DataFrame, columns: dict[str, Column]) -> Failure | None:
    """Say in the project's words what pandera found; None when another failure says it already."""
    name, cases = getattr(error.schema, "name", None), error.failure_cases
    column = columns.get(str(name))
    if error.reason_code == Reason.COLUMN_NOT_IN_DATAFRAME:
        return Failure(str(cases), "column", f"is not in the data{_hint(str(cases), rows, columns)}", len(rows))
    if error.reason_code == Reason.COLUMN_NOT_IN_SCHEMA:
        return Failure(str(cases), "column", "is in the data, and the schema does not know it", len(rows))
    if error.reason_code == Reason.CHECK_ERROR and column and not _of_kind(rows[column.name], column):
        return None  # a range cannot be compared with text: the failure of the type says so
    if error.reason_code == Reason.WRONG_DATATYPE and column:
        return _wrong_type(rows[column.name], column)
    rule, expected = _rule(error)
    broken: Any = cases["index"].dropna().unique() if isinstance(cases, pd.DataFrame) else []
    shown = () if column is None else _examples(rows[column.name].reindex(broken), column)
    return Failure(str(name or "the rows"), rule, expected, len(broken) or len(rows), examples=shown)


def _rule(error: Any) -> tuple[str, str]:
    if error.reason_code == Reason.SERIES_CONTAINS_NULLS:
        return "missing", "there in every row"
    if error.reason_code == Reason.SERIES_CONTAINS_DUPLICATES:
        return "unique", "different in every row"
    check = error.check
    name = getattr(check, "name", None) or str(check)
    if name in WORDING:
        return name, WORDING[name](check.statistics)
    return name, str(getattr(check, "description", None) or getattr(check, "error", None) or name)


def _wrong_type(values: pd.Series, column: Column) -> Failure | None:
    broken = ~_readable(values, column)
    if not broken.any():
        if column.maximum_missing == 0 and values.isna().any():
            return None  # pandas has no whole numbers with gaps: what is missing is a failure of its own
        broken[:] = True
    expected = f"{KINDS[column.kind]}, and came as {values.dtype}"
    return Failure(column.name, "type", expected, int(broken.sum()), examples=_examples(values[broken], column))


def _of_kind(values: pd.Series, column: Column) -> bool:
    if column.kind in ("number", "integer"):
        return pd.api.types.is_numeric_dtype(values)
    if column.kind == "time":
        return pd.api.types.is_datetime64_any_dtype(values)
    return True


def _readable(values: pd.Series, column: Column) -> pd.Series:
    """Tell for every value whether it can be read as what the column should hold."""
    if column.kind == "time":
        return pd.to_datetime(values, errors="coerce", format="ISO8601").notna() | values.isna()
    if column.kind == "boolean":
        return values.isin([True, False]) | values.isna()
    if column.kind == "category":
        return values.map(lambda value: isinstance(value, str)) | values.isna()
    numbers = pd.to_numeric(values, errors="coerce")
    whole = numbers.notna() if column.kind == "number" else numbers % 1 == 0
    return whole | values.isna()


def _missing(rows: pd.DataFrame, contract: Contract) -> Iterator[Failure]:
    """Find columns of which more is missing than they may; infinity is no value either."""
    for column in contract.columns:
        if column.name not in rows.columns or rows.empty:
            continue
        values = rows[column.name]
        gone = values.isna() | (np.isinf(values) if pd.api.types.is_float_dtype(values) else False)
        allowed = int(column.maximum_missing * len(rows))
        if gone.sum() > allowed:
            limit = f"there in at least {1 - column.maximum_missing:.0%} of the rows"
            expected = limit if column.maximum_missing else "there in every row"
            yield Failure(column.name, "missing", expected, int(gone.sum()), allowed)


def _repeated_ids(rows: pd.DataFrame, contract: Contract) -> Iterator[Failure]:
    name = contract.named("id")
    if name is not None and name in rows.columns:
        repeated = rows[name][rows[name].duplicated(keep=False)]
        if len(repeated):
            examples = _examples(repeated, contract.only("id"))
            yield Failure(name, "unique", "different in every row", len(repeated), examples=examples)


def _hint(name: str, rows: pd.DataFrame, columns: dict[str, Column]) -> str:
    unknown = [str(column) for column in rows.columns if str(column) not in columns]
    near = difflib.get_close_matches(name, unknown, n=1)
    return f"; '{near[0]}' is, and may be its new name" if near else ""


def _examples(values: pd.Series, column: Column) -> tuple[str, ...]:
    """Return a few of the values that broke a rule; none of a column that nobody should read."""
    if column.sensitive:
        return ()
    return tuple(str(value)[:40] for value in values.dropna().unique()[:EXAMPLES])


def _list(values: Any) -> str:
    texts = sorted(_text(value) for value in values)
    return ", ".join(texts[:12]) + (f" and {len(texts) - 12} more" if len(texts) > 12 else "")


def _open(included: bool, closed: str, opened: str) -> str:
    return closed if included else opened


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
