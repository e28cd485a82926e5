import json
from dataclasses import replace
from typing import Any

import pytest
import tumours
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.contract import Column, Contract
from gatehouse.serving import requests, values
from gatehouse.serving.request_type import RowType
from gatehouse.serving.requests import RequestError

COLUMNS = (*tumours.CONTRACT.columns, Column("seen", "time", maximum_missing=0.5))
READER = requests.reader(Contract(COLUMNS, "binary", "yes"), 3)
# The same reader, which looks at every body closely.
CLOSE = replace(READER, row_type=RowType({**READER.columns, "rows": Column("rows", "number")}, 3))
ROW: dict[str, Any] = {**tumours.ROW, "seen": "2026-01-31T12:00:00"}
CELL = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-01-31 08:15")
CHANGES = st.dictionaries(st.sampled_from([*ROW, "patient", "malignant", "x"]), CELL, max_size=3)


def outcome(reader: requests.Reader, body: bytes) -> Any:
    """Return what a reader makes of a body: its batch, or what is wrong with it."""
    try:
        return reader.read(body)
    except RequestError as error:
        return error.status, error.problems


def test_reads_at_once() -> None:
    """A usual body is read in one step, with its ids and with None for what is missing."""
    short = {name: value for name, value in ROW.items() if name != "ward"}
    found = READER.row_type.read(json.dumps({"rows": [{**short, "patient": 7}, ROW]}).encode())
    assert found == [{**short, "ward": None, "patient": "7", "seen": "2026-01-31 12:00:00"},
                     {**ROW, "patient": None, "seen": "2026-01-31 12:00:00"}]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ROW).replace('"size"', '"size": "x", "size"'), json.dumps({**ROW, "size": "é"}),
        json.dumps({**ROW, "area": 640.0}), json.dumps({**ROW, "area": 10**30}), json.dumps({**ROW, "seen": "now"}),
        json.dumps({"rows": []}), json.dumps({"rows": [ROW] * 4}), "[" * 10_000, "",
    ],
)  # fmt: skip
def test_leaves_the_unusual(body: str) -> None:
    """What stands twice, is escaped, is wrong, or is right in an odd way, is left to the closer look."""
    assert READER.row_type.read(body.encode()) is None


@given(st.lists(CHANGES, min_size=1, max_size=3), st.booleans(), st.sets(st.sampled_from(sorted(ROW)), max_size=2))
def test_agrees_with_closer_look(changes: list[dict[str, Any]], alone: bool, absent: set[str]) -> None:
    """Whatever is sent, the quick way gives what the close look gives, or leaves it to it."""
    rows = [{name: cell for name, cell in {**ROW, **change}.items() if name not in absent} for change in changes]
    body = json.dumps(rows[0] if alone else {"rows": rows}, ensure_ascii=False).encode(errors="replace")
    assert outcome(READER, body) == outcome(CLOSE, body)


@given(st.floats(0, 100), st.integers(-(2**60), 2**60))
def test_reads_same_numbers(radius: float, area: int) -> None:
    """A number is the same to the last bit, and an integer beyond what floats hold is refused, by both ways."""
    reader = replace(
        READER, columns={"r": Column("r", "number"), "a": Column("a", "integer")}, identity=None, levels={}
    )
    quick = replace(reader, row_type=RowType(reader.columns, 3))
    body = json.dumps({"r": radius, "a": area}).encode()
    assert outcome(quick, body) == outcome(replace(reader, row_type=CLOSE.row_type), body)
    assert (quick.row_type.read(body) is None) == (abs(area) > values.LARGEST_INTEGER)


def test_takes_listed_categories_only() -> None:
    """Where the schema refuses new levels, so does the type."""
    column = Column("size", "category", categories=("small", "large"), unseen="refuse")
    reader = requests.reader(Contract((column,), "binary"), 3)
    assert reader.row_type.read(b'{"size": "small"}') == [{"size": "small"}]
    with pytest.raises(RequestError, match="one of small, large"):
        reader.read(b'{"size": "huge"}')
