import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pandas as pd
import pytest
import tumours
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.contract import Column, Contract
from gatehouse.serving import requests
from gatehouse.serving.requests import RequestError

READER = requests.reader(tumours.CONTRACT, 5)
ROW = tumours.ROW


def read(document: Any) -> requests.Batch:
    """Read a document as a request's body."""
    return READER.read(json.dumps(document).encode())


def test_reads_one_row() -> None:
    """A bare object is one row."""
    assert read(ROW).rows == [ROW]


def test_reads_many_rows() -> None:
    """Rows keep their order and their ids."""
    batch = read({"rows": [{**ROW, "patient": "p1"}, {**ROW, "patient": 2}, ROW]})
    assert batch.rows == [ROW] * 3
    assert batch.ids == ["p1", "2", None]


def test_fills_missing_values() -> None:
    """A field that may be missing may be null or left out."""
    short = {name: value for name, value in ROW.items() if name != "ward"} | {"mean_texture": None}
    assert read(short).rows == [{**ROW, "ward": None, "mean_texture": None}]


def test_counts_unseen_categories() -> None:
    """A level that the schema does not list is taken, and counted by column."""
    assert read({"rows": [{**ROW, "size": "huge"}, {**ROW, "size": "tiny"}, ROW]}).unseen == {"size": 2}


@pytest.mark.parametrize(
    ("body", "status", "path", "expected"),
    [
        (b"", 400, "$", "JSON (it breaks"),
        (b"{", 400, "$", "JSON (it breaks at line 1 column 2)"),
        (b"\xff{}", 400, "$", "UTF-8"),
        ("{}".encode("utf-16"), 400, "$", "UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', 400, "$", "JSON"),
        (b'{"area": NaN}', 400, "$", "null"),
        (b'{"area": -Infinity}', 400, "$", "null"),
        (b'{"area": 1, "area": 2}', 400, "$", "twice"),
        (b'{"area": ' + b"9" * 5000 + b"}", 400, "$", "usual size"),
        (b"[" * 100_000 + b"]" * 100_000, 400, "$", "usual size"),
        (b"[]", 422, "$", "rows"),
        (b'"text"', 422, "$", "rows"),
        (b"null", 422, "$", "rows"),
        (b'{"rows": []}', 422, "$.rows", "at least one row"),
        (b'{"rows": {}}', 422, "$.rows", "a list"),
        (b'{"rows": null}', 422, "$.rows", "a list"),
        (b'{"rows": [{}], "extra": 1}', 422, "$", "beside rows"),
        (b'{"rows": [{}, {}, {}, {}, {}, {}]}', 413, "$.rows", "at most 5 rows"),
        (b'{"rows": [17]}', 422, "$.rows[0]", "object"),
        (b"{}", 422, '$["mean radius"]', "a finite number from 0 to 100"),
    ],
)
def test_refuses_broken_bodies(body: bytes, status: int, path: str, expected: str) -> None:
    """Each broken body is answered with its status, where it breaks, and what was expected."""
    with pytest.raises(RequestError) as caught:
        READER.read(body)
    assert caught.value.status == status
    assert caught.value.problems[0].path == path
    assert expected in caught.value.problems[0].expected


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("mean radius", "14.2", '$["mean radius"]'), ("mean radius", -1, '$["mean radius"]'),
        ("mean radius", None, '$["mean radius"]'), ("mean_texture", True, "$.mean_texture"),
        ("area", 640.5, "$.area"), ("area", 5001, "$.area"), ("dense", 1, "$.dense"), ("size", 3, "$.size"),
        ("ward", ["007"], "$.ward"), ("surprise", 1, "$.surprise"), ("malignant", "yes", "$.malignant"),
    ],
)  # fmt: skip
def test_refuses_wrong_fields(field: str, value: Any, path: str) -> None:
    """Each wrong field is named by its path, and its value is not repeated."""
    with pytest.raises(RequestError) as caught:
        read({**ROW, field: value})
    assert [problem.path for problem in caught.value.problems] == [path]


def test_names_row_of_problem() -> None:
    """The path leads to the row of the list."""
    with pytest.raises(RequestError, match=r"\$\.rows\[1\]\.area"):
        read({"rows": [ROW, {**ROW, "area": "x"}]})


def test_lists_few_problems() -> None:
    """A body with many mistakes is answered with the first of them."""
    with pytest.raises(RequestError) as caught:
        read({"rows": [{f"field{number}": 1 for number in range(50)}] * 5})
    assert len(caught.value.problems) == requests.MOST_PROBLEMS


def test_feature_called_rows() -> None:
    """A schema may have a feature of the name `rows`: a list is still many rows, anything else is its value."""
    reader = requests.reader(Contract((Column("rows", "integer"),), "binary"), 5)
    assert reader.read(b'{"rows": 3}').rows == [{"rows": 3}]
    assert reader.read(b'{"rows": [{"rows": 3}, {"rows": 4}]}').rows == [{"rows": 3}, {"rows": 4}]


def test_later_columns_are_not_asked_for() -> None:
    """What is known only after the event is no field of a request, nor of what is made for a client."""
    columns = (Column("x", "number"), Column("refund", "number", post_event=True), Column("y", "number", "target"))
    contract = Contract(columns, "regression")
    assert requests.payload(pd.DataFrame({"x": [1.0], "refund": [2.0], "y": [3.0]}), contract) == [{"x": 1.0}]
    assert requests.reader(contract, 5).read(b'{"x": 1}').rows == [{"x": 1.0}]


def test_payload_is_accepted() -> None:
    """What is made of raw rows for a client is what the server takes, and means the same to the model."""
    rows = tumours.rows()
    sent = requests.payload(rows, tumours.CONTRACT)
    batch = requests.reader(tumours.CONTRACT, len(sent)).read(json.dumps({"rows": sent}).encode())
    assert batch.ids == rows["patient"].to_list()
    served = tumours.CONTRACT.frame(pd.DataFrame.from_records(batch.rows))
    pd.testing.assert_frame_equal(served, tumours.CONTRACT.frame(rows))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ROW, "rows", "x"]) | st.text(), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_answered(document: Any) -> None:
    """Whatever JSON is sent, it is read or refused: nothing else is raised."""
    with suppress(RequestError):
        assert read(document).rows


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes) -> None:
    """Whatever bytes are sent, they are read or refused with a 4xx."""
    with pytest.raises(RequestError) as caught:
        READER.read(body)
    assert caught.value.status in (400, 422)


def test_hopeless_bodies_take_no_longer_than_their_json() -> None:
    """What is wrong a hundred thousand times is looked at until enough is found: nobody else is answered meanwhile."""

    def seconds(act: Callable[[bytes], Any], body: bytes) -> float:
        begun = time.process_time()
        with suppress(RequestError):
            act(body)
        return time.process_time() - begun

    fields = json.dumps({f"k{number}": 1 for number in range(100_000)}).encode()
    rows = json.dumps({"rows": [{f"k{number}": 1 for number in range(100)}] * 1000}).encode()
    reader = requests.reader(tumours.CONTRACT, 1000)
    for body in (fields, rows):
        ratios = [seconds(reader.read, body) / seconds(json.loads, body) for _ in range(5)]
        assert min(ratios) < 2.5
