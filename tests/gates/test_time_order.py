"""The order of time: the newest judge, labels are known by then, and rows lie in their window."""

from datetime import date

import leaks
import numpy as np
import pandas as pd
import pytest
from leaks import KNOBS

from gatehouse import holdout
from gatehouse.contract import Column, Contract
from gatehouse.gates import time_order
from gatehouse.verdicts import Decision

SINCE, UNTIL = date(2026, 1, 1), date(2026, 3, 1)
ROWS = leaks.clean(n=2000)
TRAINING, JUDGING = leaks.sides(ROWS)
CONTRACT = leaks.contract()
NUMBERED = Contract((Column("id", "category", "id"), Column("y", "category", "target")), "binary", "yes")


def judged(training=TRAINING, judging=JUDGING, contract=CONTRACT, since=SINCE, until=UNTIL):
    """Return the decision of every check by its name."""
    found = time_order.judge(training, judging, contract, since, until, KNOBS)
    return {check.name: check.decision for check in found}


def test_clean_rows_promote():
    """A holdout of the newest rows in their window, with labels known in time, passes."""
    names = ("order of time", "rows in the window", "labels of the future")
    assert judged() == dict.fromkeys(names, Decision.PROMOTE)


def test_older_holdout_rejects():
    """A holdout of the oldest rows is judged on what the model knows the future of."""
    found = time_order.order(ROWS.iloc[800:], ROWS.iloc[:800], CONTRACT, KNOBS)
    assert (found.decision, found.observed) == (Decision.REJECT, 0)


def test_index_is_the_order():
    """Where no column has the time, the rows' index is it."""
    assert judged(ROWS.iloc[:1200], ROWS.iloc[1200:], NUMBERED, None, None)["order of time"] == Decision.PROMOTE
    assert judged(ROWS.iloc[800:], ROWS.iloc[:800], NUMBERED, None, None)["order of time"] == Decision.REJECT


def test_whole_holdout_never_alarms():
    """A holdout as old as the training rows is not called older by the chance of its few groups."""
    for seed in range(60):
        random = np.random.default_rng(seed)
        rows = leaks.clean(seed, 400).assign(customer=np.repeat([f"{seed} {number}" for number in range(40)], 10))
        training, judging = holdout.split(rows, CONTRACT, holdout.Knobs(share=random.uniform(0.2, 0.5), recent=1.0))
        assert time_order.order(training, judging, CONTRACT, KNOBS).decision == Decision.PROMOTE


def test_pairs_are_counted():
    """The chance that a new value is above an old one counts ties by half."""
    keys = np.arange(2)
    assert time_order.newer(np.array([1.0, 2.0]), np.array([2.0, 3.0]), keys, keys)[0] == 7 / 8


def test_label_of_the_future_rejects():
    """A label that became known on the window's last day or later is refused, and so is one without a day."""
    for late in (pd.Timestamp(UNTIL), pd.NaT):
        rows = TRAINING.assign(known_on=TRAINING["known_on"].where(np.arange(len(TRAINING)) != 5, late))
        check = time_order.judge(rows, JUDGING, CONTRACT, SINCE, UNTIL, KNOBS)[-1]
        assert (check.decision, check.observed) == (Decision.REJECT, 1)
        assert "'known_on'" in check.why


@pytest.mark.parametrize(("since", "until"), [(date(2026, 1, 2), UNTIL), (SINCE, date(2026, 2, 10))])
def test_row_outside_rejects(since, until):
    """Rows before the window, or after it, are refused."""
    assert judged(since=since, until=until)["rows in the window"] == Decision.REJECT


def test_more_rows_than_numbers_reject():
    """A window of 1,999 row numbers cannot hold 2,000 rows."""
    assert time_order.window(ROWS, NUMBERED, None, 2000).decision == Decision.PROMOTE
    assert time_order.window(ROWS, NUMBERED, 1, 2000).observed == 1
    assert time_order.window(ROWS, NUMBERED, 1, 2000).decision == Decision.REJECT


def test_open_window_promotes():
    """Without bounds every row is of the window, and no label is too late."""
    found = judged(since=None, until=None)
    assert "labels of the future" not in found
    assert set(found.values()) == {Decision.PROMOTE}


def test_zones_are_understood():
    """Times with a zone are held against days in that zone."""
    zoned = ROWS.assign(at=ROWS["at"].dt.tz_localize("Europe/Berlin"))
    assert time_order.window(zoned, CONTRACT, SINCE, UNTIL).decision == Decision.PROMOTE


def test_missing_times_are_an_error():
    """A row without a time has no place in the order."""
    rows = TRAINING.assign(at=TRAINING["at"].where(np.arange(len(TRAINING)) != 5, pd.NaT))
    assert time_order.order(rows, JUDGING, CONTRACT, KNOBS).decision == Decision.ERROR
    assert time_order.order(TRAINING, JUDGING.iloc[:1], CONTRACT, KNOBS).decision == Decision.ERROR


def test_one_group_holds():
    """One customer's rows could lie anywhere, so their order shows nothing."""
    check = time_order.order(TRAINING, JUDGING.assign(customer="one"), CONTRACT, KNOBS)
    assert check.decision == Decision.HOLD
