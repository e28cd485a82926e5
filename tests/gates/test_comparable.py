from dataclasses import replace
from typing import Any

import answers
import numpy as np
import pandas as pd
import pytest

from gatehouse.contract import Column, Contract
from gatehouse.errors import NotComparableError
from gatehouse.gates import comparable

COLUMNS = (
    Column("amount", "number"),
    Column("count", "integer"),
    Column("country", "category", categories=("DE", "FR", "IT")),
    Column("paid", "category", "target"),
)
CONTRACT = Contract(COLUMNS, "binary", "yes")
ROWS = pd.DataFrame({"amount": [1.0, 2.0, 3.0], "count": [1, 2, 3], "country": ["DE", "FR", None], "paid": "yes"})


def changed(name: str, **said: Any) -> Contract:
    """Return the contract with one column that is another now."""
    columns = tuple(replace(column, **said) if column.name == name else column for column in COLUMNS)
    return replace(CONTRACT, columns=columns)


def refused(words: str, contract: Contract = CONTRACT, rows: pd.DataFrame = ROWS) -> None:
    """Expect that a model of the contract above cannot be compared, and why."""
    with pytest.raises(NotComparableError, match=words):
        comparable.require(CONTRACT, contract, rows)


def test_same_rows_are_comparable() -> None:
    """The same columns compare; so do more of them, another kind of number, and a new level here and there."""
    comparable.require(CONTRACT, CONTRACT, ROWS)
    comparable.require(CONTRACT, CONTRACT, ROWS.assign(new=1))
    comparable.require(CONTRACT, changed("count", kind="boolean"), ROWS)
    comparable.require(CONTRACT, CONTRACT, ROWS.assign(country=["DE", "PL", None]))


def test_lost_column_is_named() -> None:
    """A column that is gone is named."""
    refused("needs the column 'count', which the data no longer has", rows=ROWS.drop(columns="count"))


def test_other_type_is_named() -> None:
    """A column of another type is named, with both types."""
    refused("'amount' as a number, and it now is a category", changed("amount", kind="category"))


def test_later_column_is_named() -> None:
    """A column that is declared to be known only after the event gives the model what the candidate may not see."""
    refused("'amount', which now is known only after the event", changed("amount", post_event=True))


def test_other_levels_are_named() -> None:
    """A category that was coded anew is named, with one of the levels."""
    refused("'country' 2 of 2 rows .* as 'Germany'", rows=ROWS.assign(country=["Germany", "France", None]))


@pytest.mark.parametrize(
    "now",
    [replace(CONTRACT, positive="no"), replace(CONTRACT, task="multiclass", positive=None)],
)
def test_other_task_is_told(now: Contract) -> None:
    """A model of another task, or with another positive label, predicts something else."""
    refused("it predicts 'paid' as binary with positive 'yes', and 'paid' now is", now)


def test_other_classes_are_told() -> None:
    """Labels of which the model knows none cannot judge it; one that it knows is enough."""
    model = answers.multiclass(np.array(["a", "b"]), ("a", "b"))
    comparable.require_answers(model, answers.truth(np.array(["b", "c"])))
    with pytest.raises(NotComparableError, match="answers a, b, and the labels now are c, d"):
        comparable.require_answers(model, answers.truth(np.array(["d", "c"])))
