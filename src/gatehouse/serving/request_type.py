"""The type of a row, generated from the contract: a body that fits is read by it in one step.

It only takes what is beyond doubt, and then gives what `requests` gives. Whatever it leaves, a mistake or an unusual
way to write something right, that reader reads again, slowly, and says what was expected where.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gatehouse.contract import Column
from gatehouse.serving import values
from gatehouse.serving.values import LARGEST_INTEGER


class RowType:
    """Decodes the rows of a body; `columns` are the fields that a row may hold, by name."""

    def __init__(self, columns: Mapping[str, Column], maximum_rows: int) -> None:
        row = of(columns.values())
        rows = Annotated[list[row], Meta(min_length=1, max_length=maximum_rows)]  # type: ignore[valid-type]
        self._names = tuple(columns)
        self._texts = [
            place for place, column in enumerate(columns.values())
            if column.kind in ("category", "time") or column.role == "id"
        ]  # fmt: skip
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
            cells = [msgspec.structs.astuple(row) for row in found]
            # A field that stands twice is decoded without a word, but leaves a colon too many.
            if body.count(b":") != sum(map(self._colons, cells)) + many:
                return None
            return [self._clean(row) for row in cells]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def _colons(self, cells: tuple[Any, ...]) -> int:
        """Return how many colons a row was written with."""
        inside: int = sum(cells[place].count(":") for place in self._texts if type(cells[place]) is str)
        return len(cells) - cells.count(UNSET) + inside

    def _clean(self, cells: tuple[Any, ...]) -> dict[str, Any]:
        row = dict(zip(self._names, cells, strict=True))
        if UNSET in cells:
            row = {name: None if cell is UNSET else cell for name, cell in row.items()}
        for name in self._times:
            if row[name] is not None:
                row[name] = str(datetime.fromisoformat(row[name]))
        for name in self._ids:
            if row[name] is not None:
                row[name] = str(row[name])
        return row


def of(columns: Iterable[Column]) -> type[msgspec.Struct]:
    """Return the type of a row; its fields are numbered, because a column's name may be no name in Python."""
    fields: list[Any] = []
    names = {}
    for place, column in enumerate(columns):
        names[f"field{place}"] = column.name
        kind = kind_of(column)
        optional = column.maximum_missing > 0 or column.role == "id"
        fields.append((f"field{place}", kind | None | UnsetType, UNSET) if optional else (f"field{place}", kind))
    return msgspec.defstruct("Row", fields, kw_only=True, forbid_unknown_fields=True, rename=names, gc=False)


def kind_of(column: Column) -> Any:
    """Return the type of a column's values, with its range."""
    if column.role == "id":
        return str | int
    if column.kind == "boolean":
        return bool
    if column.kind in ("category", "time"):
        return Literal[column.categories] if values.refuses_unseen(column) else str
    low, high = column.minimum, column.maximum
    if column.kind == "number":
        return Annotated[float, Meta(ge=low, le=high)]
    least = -LARGEST_INTEGER if low is None else max(math.ceil(low), -LARGEST_INTEGER)
    most = LARGEST_INTEGER if high is None else min(math.floor(high), LARGEST_INTEGER)
    return Annotated[int, Meta(ge=least, le=most)]
