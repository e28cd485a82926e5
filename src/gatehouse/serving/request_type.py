"""The type of a row, generated from the contract: a body that fits is read by it in one step.

It only takes what is beyond doubt, and then gives what `requests` gives. Whatever it leaves, a mistake or an unusual
way to write something right, that reader reads again, slowly, and says what was expected where.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from gatehouse.contract import Column
from gatehouse.serving import values


class RowType:
    """Decodes the rows of a body; `columns` are the fields that a row may hold, by name."""

    def __init__(self, columns: Mapping[str, Column], maximum_rows: int) -> None:
        row = of(columns.values())
        rows = Annotated[list[row], Meta(min_length=1, max_length=maximum_rows)]  # type: ignore[valid-type]
        self._blank = dict.fromkeys(columns)
        self._texts = [
            name for name, column in columns.items() if column.kind in ("category", "time") or column.role == "id"
        ]
        self._times = [column.name for column in columns.values() if column.kind == "time" and column.role != "id"]
        self._ids = [column.name for column in columns.values() if column.role == "id"]
        self._one = msgspec.json.Decoder(row)
        many: Any = msgspec.defstruct("Rows", [("rows", rows)], forbid_unknown_fields=True)
        self._many = msgspec.json.Decoder(many)
        # A feature called `rows` would make two readings of a body, and colons of names are not counted.
        self._usable = "rows" not in columns and not any(":" in name for name in columns)

    def read(self, body: bytes) -> list[dict[str, Any]] | None:
        """Return the rows, with None for a missing value; None when the body needs a closer look."""
        # Without escapes, what looks like a colon is one, and so the fields can be counted.
        if not self._usable or b"\\" in body:
            return None
        many = b'"rows"' in body
        try:
            found = self._many.decode(body).rows if many else [self._one.decode(body)]
            # A field that stands twice, or that no row has, is passed over without a word, but leaves a colon too many.
            more = body.count(b":") - sum(map(len, found)) - many
            if more and more != sum(map(self._colons, found)):
                return None
            return [self._clean(row) for row in found]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def _colons(self, row: Mapping[str, Any]) -> int:
        """Return how many colons stand in a row's texts."""
        return sum(row[name].count(":") for name in self._texts if type(row.get(name)) is str)

    def _clean(self, found: Mapping[str, Any]) -> dict[str, Any]:
        row = {**self._blank, **found}
        for name in self._times:
            if row[name] is not None:
                row[name] = str(datetime.fromisoformat(row[name]))
        for name in self._ids:
            if row[name] is not None:
                row[name] = str(row[name])
        return row


def of(columns: Iterable[Column]) -> Any:
    """Return the type of a row."""
    fields = {}
    for column in columns:
        kind = kind_of(column)
        fields[column.name] = NotRequired[kind | None] if values.optional(column) else kind
    return TypedDict("Row", fields)  # type: ignore[operator]


def kind_of(column: Column) -> Any:
    """Return the type of a column's values, with its range."""
    if column.role == "id":
        return str | int
    if column.kind == "boolean":
        return bool
    if column.kind in ("category", "time"):
        return Literal[column.categories] if values.refuses_unseen(column) else str
    low, high = values.ends(column)
    # msgspec wants the ends of an integer as integers.
    return Annotated[float, Meta(ge=low, le=high)] if column.kind == "number" else Annotated[int, Meta(ge=low, le=high)]
