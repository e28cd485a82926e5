"""The holdout: rows never change sides, the newest judge, and the key is the group's."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse import holdout
from gatehouse.contract import Column, Contract, Role
from gatehouse.errors import DataError
from gatehouse.holdout import Knobs

KNOBS = Knobs()
KNOWN = [0.086669, 0.391465, 0.815603]


def contract(*roles: Role) -> Contract:
    """Return a contract with a column for every role, named after it."""
    return Contract(tuple(Column(role, "category", role) for role in roles), "binary", "1")


def rows(count: int, customers: int = 40) -> pd.DataFrame:
    """Return rows in the order of time, several a customer."""
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(count)],
            "group": [f"c{number % customers}" for number in range(count)],
            "target": np.arange(count) % 2,
        }
    )


def test_known_hashes():
    """These numbers must never change: other ones move rows from one side to the other."""
    assert holdout.hashed(pd.Series(["a", "b", "1"])).round(6).tolist() == KNOWN


def test_equal_keys_equal_numbers():
    """A key has one number, whatever its type and place."""
    assert holdout.hashed(pd.Series([7, 8, 7])).tolist() == holdout.hashed(pd.Series(["7", "8", "7"])).tolist()


@given(st.lists(st.text(), min_size=1), st.lists(st.text()))
def test_side_depends_on_key(keys: list[str], others: list[str]):
    """Other rows never move a row to the other side."""
    alone = holdout.hashed(pd.Series(keys, dtype=object))
    together = holdout.hashed(pd.Series([*others, *keys], dtype=object))
    assert together[len(others) :].tolist() == alone.tolist()


def test_hashes_are_uniform():
    """The share that is held out is the share that was asked for."""
    numbers = holdout.hashed(pd.Series(range(20_000)))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert np.histogram(numbers, 10, (0, 1))[0] == pytest.approx(np.full(10, 2000), rel=0.1)


def test_groups_stay_together():
    """No customer trains and judges."""
    training, judging = holdout.split(rows(800), contract("id", "group", "target"), KNOBS)
    assert not set(training["group"]) & set(judging["group"])


def test_newest_rows_judge():
    """Of the rows held out, the newest share judges, in the order of time."""
    table = rows(2000)
    _, judging = holdout.split(table, contract("id", "group", "target"), Knobs(recent=0.5))
    held = table[holdout.hashed(table["group"]) < KNOBS.share]
    assert judging["id"].tolist() == held["id"].tolist()[len(held) // 2 :]


def test_longer_window_keeps_sides():
    """Rows that came later put no row that has judged into training."""
    roles = contract("id", "group", "target")
    _, first = holdout.split(rows(1000), roles, KNOBS)
    later, _ = holdout.split(rows(1500), roles, KNOBS)
    assert not set(first["id"]) & set(later["id"])


def test_id_replaces_group():
    """Without a group, each row is held out by its own id."""
    training, judging = holdout.split(rows(800), contract("id", "target"), KNOBS)
    assert len(training) == pytest.approx(560, rel=0.1)
    assert set(training["group"]) & set(judging["group"])


def test_no_key_is_an_error():
    """Rows without any key cannot be held out."""
    with pytest.raises(DataError, match="'group' or 'id'"):
        holdout.split(rows(10), contract("target"), KNOBS)


@pytest.mark.parametrize("count", [0, 1])
def test_empty_side_is_an_error(count: int):
    """Rows that all fall on one side are no split."""
    with pytest.raises(DataError, match=rf"{count} rows split into"):
        holdout.split(rows(count), contract("id", "group", "target"), KNOBS)


def test_unlabelled_rows_are_left_out():
    """A row without a label neither trains nor judges."""
    table = pd.DataFrame({"id": ["a", "b"], "target": [1.0, np.nan]})
    assert holdout.labelled(table, contract("id", "target"))["id"].tolist() == ["a"]


def test_later_labels_are_left_out():
    """A label that became known on the window's last day, or later, was not known in it."""
    days = pd.to_datetime(["2026-06-29", "2026-06-30", "2026-07-01", None])
    table = pd.DataFrame({"id": list("abcd"), "target": 1, "label_time": days})
    roles = contract("id", "target", "label_time")
    assert holdout.labelled(table, roles, date(2026, 7, 1))["id"].tolist() == ["a", "b"]
    assert len(holdout.labelled(table, roles)) == 4


def test_fingerprint_ignores_column_order():
    """The same content has the same hash."""
    table = rows(20)
    assert holdout.fingerprint(table) == holdout.fingerprint(table[table.columns[::-1]])


@pytest.mark.parametrize(("row", "column", "value"), [(3, "target", 9), (0, "id", "x"), (19, "group", None)])
def test_fingerprint_sees_every_cell(row: int, column: str, value: object):
    """One other value is another hash."""
    table = rows(20).astype(object)
    before = holdout.fingerprint(table)
    table.loc[row, column] = value
    assert holdout.fingerprint(table) != before


def test_fingerprint_sees_row_order():
    """The order of rows is time, so another order is other data."""
    assert holdout.fingerprint(rows(20)) != holdout.fingerprint(rows(20)[::-1])
