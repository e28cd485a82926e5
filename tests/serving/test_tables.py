import pandas as pd
import pytest

from gatehouse.contract import Column, Contract
from gatehouse.serving.tables import Table

NUMBERS = (Column("price", "number", maximum_missing=0.5), Column("items", "integer"), Column("gift", "boolean"))
TEXTS = (Column("town", "category", maximum_missing=0.5), Column("day", "time"))
ROW = {"price": 2.5, "items": 3, "gift": True, "town": "Rome", "day": "2026-03-01 00:00:00"}
ROWS = [ROW, {**ROW, "price": None, "items": 4, "gift": False, "town": None}]


@pytest.mark.parametrize("columns", [NUMBERS, TEXTS, NUMBERS + TEXTS, TEXTS[:1], NUMBERS[:1] + TEXTS[:1]])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[1:]])
def test_table_is_as_trained(columns: tuple[Column, ...], rows: list[dict[str, object]]) -> None:
    """Rows that fit the contract become the very frame that training saw."""
    expected = Contract(columns, "regression").frame(rows)
    pd.testing.assert_frame_equal(Table(columns).of(rows), expected, check_column_type="exact")


@pytest.mark.parametrize("columns", [NUMBERS, TEXTS])
def test_columns_lie_in_one_piece(columns: tuple[Column, ...]) -> None:
    """The numbers lie in memory as scikit-learn cuts them out of a table, so that its sums come out the same."""
    contract = Contract(NUMBERS + TEXTS, "regression")
    cut = contract.frame(ROWS)[[column.name for column in columns]]
    assert Table(columns).of(ROWS).to_numpy().flags == cut.to_numpy().flags
