"""The contract: roles, the frame that a model sees, labels, and its journey through JSON."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse import contract as contracts
from gatehouse.contract import Column, Contract
from gatehouse.errors import DataError

CONTRACT = Contract(
    (
        Column("order", "category", role="id"),
        Column("price", "number", minimum=0, maximum_missing=0.5),
        Column("items", "integer"),
        Column("gift", "boolean"),
        Column("town", "category", categories=("Rome", "Oslo")),
        Column("refund", "number", post_event=True),
        Column("returned", "category", role="target"),
    ),
    task="binary",
    positive="1",
)
ROW = {"price": 2.5, "items": 3, "gift": True, "town": "Rome"}

names = st.text(min_size=1)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
columns = st.builds(
    Column,
    name=names,
    kind=st.sampled_from(["number", "integer", "boolean", "category", "time"]),
    role=st.sampled_from(["feature", "target", "id", "group", "time", "label_time"]),
    minimum=numbers,
    maximum=numbers,
    categories=st.none() | st.lists(names).map(tuple),
    maximum_missing=st.floats(0, 1),
    sensitive=st.booleans(),
    post_event=st.booleans(),
)


def test_model_sees_features_only():
    """Neither the label, nor the id, nor what is known only afterwards reaches the model."""
    assert [column.name for column in CONTRACT.features] == ["price", "items", "gift", "town"]


def test_post_event_column_may_lack():
    """Rows that come before the event need no column that comes after it."""
    assert "refund" not in CONTRACT.frame([ROW]).columns


def test_frame_has_training_types():
    """JSON rows become numbers and strings, in the contract's order."""
    frame = CONTRACT.frame([dict(reversed(ROW.items())), {**ROW, "price": None, "town": None}])
    assert list(frame.columns) == ["price", "items", "gift", "town"]
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "float64", "float64", "object"]
    assert np.isnan(frame.loc[1, "price"])
    assert np.isnan(frame.loc[1, "town"])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int8", "float32"])
def test_frame_takes_any_number_type(dtype: str):
    """However pandas keeps a number, the model gets the same float."""
    rows = pd.DataFrame([ROW]).astype({"items": dtype})
    assert CONTRACT.frame(rows)["items"].tolist() == [3.0]


def test_nullable_gaps_become_nan():
    """A gap in a nullable column is the NaN that scikit-learn knows."""
    rows = pd.DataFrame([ROW, {**ROW, "items": None}]).astype({"items": "Int64"})
    assert np.isnan(CONTRACT.frame(rows).loc[1, "items"])


def test_absent_feature_is_named():
    """A row without a feature names the feature and what it has."""
    with pytest.raises(DataError, match=r"lack the column 'town'; they have price, items, gift"):
        CONTRACT.frame([{key: value for key, value in ROW.items() if key != "town"}])


@pytest.mark.parametrize("value", ["cheap", [1]])
def test_unreadable_number_is_named(value: Any):
    """A value that is no number names its column."""
    with pytest.raises(DataError, match="'price' should hold number"):
        CONTRACT.frame([{**ROW, "price": value}])


def test_one_target_is_required():
    """A contract with two targets has none."""
    twice = Contract((Column("a", "integer", "target"), Column("b", "integer", "target")), "binary", "1")
    with pytest.raises(DataError, match="2 columns with the role 'target'"):
        _ = twice.target


@pytest.mark.parametrize("values", [[0, 1, 1], [0.0, 1.0, 1.0], ["0", "1", "1"], np.array([0, 1, 1], dtype="int8")])
def test_labels_have_one_spelling(values: Any):
    """The same classes are the same labels, whatever a file made of them."""
    assert CONTRACT.labels(pd.DataFrame({"returned": values})).tolist() == ["0", "1", "1"]


def test_regression_labels_are_numbers():
    """A regression's labels stay numbers."""
    contract = Contract((Column("price", "number", "target"),), "regression")
    labels = contract.labels(pd.DataFrame({"price": [1, 2]}))
    assert labels.dtype == float


@given(st.lists(columns), st.sampled_from(["binary", "multiclass", "regression"]), st.none() | names)
def test_contract_round_trips(columns: list[Column], task: contracts.Task, positive: str | None):
    """A contract that went through JSON is the same contract."""
    contract = Contract(tuple(columns), task, positive)
    assert contracts.from_dict(json.loads(json.dumps(contract.to_dict()))) == contract


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_are_one_label(number: int):
    """A label is spelled the same as a number, a float and a text."""
    assert contracts.label_text(number) == contracts.label_text(float(number)) == contracts.label_text(str(number))
