"""One value of a request: read as its column says, or refused with what was expected."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gatehouse.contract import Column, Kind

# What a column takes where its schema names no end. Beyond them a number is infinite in single precision, in which many
# models compute, and fail on it; an integer is no longer exact, in JavaScript and in the model's floats alike.
LARGEST_NUMBER, LARGEST_INTEGER = 3.4e38, 2**53
# Categories that are listed to people; programs are told all.
MOST_LISTED = 30
WORDS: dict[Kind, str] = {
    "number": "a finite number",
    "integer": "an integer",
    "boolean": "true or false",
    "category": "a text",
    "time": "a time as ISO 8601 text",
}


@dataclass(frozen=True)
class Problem:
    """Where a request is wrong, as a JSON path, and what was expected there."""

    path: str
    expected: str


def read(value: Any, column: Column) -> Any:
    """Return the value in the one form that model and log see; None where it is missing.

    Raises ValueError saying what was expected, without the value.
    """
    if value is None and optional(column):
        return None
    if column.role == "id":
        clean = _convert(str(value) if type(value) is int else value, "category")
    else:
        clean = _convert(value, column.kind)
    if clean is None or not _within(clean, column):
        raise ValueError(expected(column) + _size(value, column))
    return clean


def expected(column: Column) -> str:
    """Say what a column takes."""
    if column.role == "id":
        return "a text or an integer"
    low, high = column.minimum, column.maximum
    text = WORDS[column.kind]
    if refuses_unseen(column):
        text = f"one of {', '.join(column.categories or ())}"
    if low is not None and high is not None:
        text += f" from {low:.15g} to {high:.15g}"
    elif low is not None:
        text += f" of at least {low:.15g}"
    elif high is not None:
        text += f" of at most {high:.15g}"
    return f"{text}, or null" if column.maximum_missing > 0 else text


def takes(column: Column) -> str:
    """Say what a column takes to whoever writes a client: also the categories that the model knows."""
    text = expected(replace(column, maximum_missing=0.0))
    if not column.categories or column.role == "id" or refuses_unseen(column):
        return text
    more = ["..."] if len(column.categories) > MOST_LISTED else []
    return f"{text}: {', '.join([*column.categories[:MOST_LISTED], *more])}; or one that it does not know"


def optional(column: Column) -> bool:
    """Tell whether a column may be null, or left out."""
    return column.role == "id" or column.maximum_missing > 0


def ends(column: Column) -> tuple[float, float]:
    """Return the least and the largest number that a column of numbers or integers takes."""
    if column.kind == "integer":
        low = -LARGEST_INTEGER if column.minimum is None else max(math.ceil(column.minimum), -LARGEST_INTEGER)
        high = LARGEST_INTEGER if column.maximum is None else min(math.floor(column.maximum), LARGEST_INTEGER)
        return low, high
    return (
        -LARGEST_NUMBER if column.minimum is None else column.minimum,
        LARGEST_NUMBER if column.maximum is None else column.maximum,
    )


def levels(columns: Mapping[str, Column]) -> dict[str, frozenset[str | None]]:
    """Return the categories that the schema lists, and None for a missing one, by column; others are counted."""
    return {name: frozenset((*column.categories, None)) for name, column in columns.items()
            if column.categories is not None and column.role != "id"}  # fmt: skip


def refuses_unseen(column: Column) -> bool:
    """Tell whether the schema refuses a category that it does not list; else it is served, and counted."""
    return column.unseen == "refuse" and bool(column.categories)


def plain(value: Any, column: Column) -> Any:
    """Return a table's cell as JSON has it, of the type that `read` takes; None where it is missing."""
    # Clients have tables; a server has none, and needs no pandas.
    import pandas as pd

    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if column.role == "id" or column.kind == "category":
        return str(value)
    if column.kind == "time":
        return pd.Timestamp(value).isoformat()
    return {"boolean": bool, "integer": int, "number": float}[column.kind](value)


def step(name: str) -> str:
    """Return one step of a JSON path; a name that a client made up is cut short."""
    return f".{name}" if name.isidentifier() and len(name) <= 64 else f"[{json.dumps(name[:64])}]"


def example(column: Column) -> Any:
    """Return a value that the column takes, to warm the model with and to show in the documentation."""
    if column.kind == "boolean":
        return True
    if column.kind == "category":
        return column.categories[0] if column.categories else "text"
    if column.kind == "time":
        return "2026-01-31T12:00:00"
    ends = [end for end in (column.minimum, column.maximum) if end is not None]
    middle = sum(ends) / len(ends) if ends else 1.0
    return math.ceil(middle) if column.kind == "integer" else middle


def _convert(value: Any, kind: Kind) -> Any:
    """Return the value as its kind, or None when it is of another one."""
    if kind in ("number", "integer"):
        return _number(value, kind)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    return _text(value, kind) if isinstance(value, str) else None


def _number(value: Any, kind: Kind) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):  # 1e999 is JSON, and infinite
        return None
    if kind == "integer":
        return int(value) if value == int(value) else None
    try:
        return float(value)
    except OverflowError:
        return None


def _text(value: str, kind: Kind) -> str | None:
    try:
        value.encode()  # half of a surrogate pair is JSON, and no text
        # One spelling of a time: the one that a contract makes of a table's timestamps, which is what was trained on.
        return str(datetime.fromisoformat(value)) if kind == "time" else value
    except ValueError:
        return None


def _within(value: Any, column: Column) -> bool:
    if refuses_unseen(column):
        return value in (column.categories or ())
    if column.kind not in ("number", "integer") or isinstance(value, str):
        return True
    low, high = ends(column)
    return bool(low <= value <= high)


def _size(value: Any, column: Column) -> str:
    """Name the end that a number is beyond where the schema names none, so that nobody looks for it there."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or column.kind not in ("number", "integer"):
        return ""
    low, high = ends(column)
    if column.maximum is None and value > high:
        return f", and at most {high:.16g}"
    return f", and at least {low:.16g}" if column.minimum is None and value < low else ""
