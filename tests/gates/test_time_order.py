"""The order of time: the newest judge, labels are known by then, and rows lie in their window."""

from datetime import date

import leaks
import numpy as np
import pandas as pd
import pytest
from leaks import KNOBS
from sklearn.metrics import roc_auc_score

from gatehouse import holdout
from gatehouse.contract import Column, Contract
from gatehouse.gates import score, time_order
from gatehouse.gates.probability_metrics import area
from gatehouse.verdicts import Check, Decision

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


def test_clean_rows_are_said():
    """What was compared is said with its numbers, where nothing was found too."""
    n, judging = len(TRAINING) + len(JUDGING), len(JUDGING)
    order, window, labels = time_order.judge(TRAINING, JUDGING, CONTRACT, SINCE, UNTIL, KNOBS)
    assert order.why == (
        f"A held-out row is newer than a training row in {order.observed:.0%} of pairs; "
        "the holdout is not older than what the model was trained on."
    )
    assert (order.limit, order.n) == (0.5, judging)
    assert 0.5 < order.interval[0] < order.observed < order.interval[1] < 1
    why = f"All {n:,} rows are of the window from 2026-01-01 to before 2026-03-01."
    assert window == Check("rows in the window", Decision.PROMOTE, why, 0, 0, n=n)
    why = f"All {n:,} labels were known before 2026-03-01."
    assert labels == Check("labels of the future", Decision.PROMOTE, why, 0, 0, n=n)


def test_older_holdout_rejects():
    """A holdout of the oldest rows is judged on what the model knows the future of."""
    found = time_order.order(ROWS.iloc[800:], ROWS.iloc[:800], CONTRACT, KNOBS)
    assert (found.decision, found.observed, found.interval) == (Decision.REJECT, 0, (0.0, 0.0))
    assert found.why == (
        "A held-out row is newer than a training row in 0% of pairs; less than half is proven: "
        "the model is judged on the past of what it knows. Let the newest rows judge."
    )


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


def test_error_is_that_of_an_auc():
    """Where every row is a group of its own, the error is DeLong's, and a group counts as one row."""
    random = np.random.default_rng(0)
    old, new, rows = random.normal(size=80), random.normal(0.5, 1, 50), np.arange(130)
    value, error = time_order.newer(old, new, rows[:80], rows[80:])
    assert value == pytest.approx(roc_auc_score(rows >= 80, np.append(old, new)))
    assert error == pytest.approx(score.standard_error(area(rows >= 80, np.append(old, new)).influence), rel=1e-6)
    twice = [np.repeat(part, 2) for part in (old, new, rows[:80], rows[80:])]
    assert time_order.newer(*twice) == pytest.approx((value, error))


def test_label_of_the_future_rejects():
    """A label that became known on the window's last day or later is refused, and so is one without a day."""
    for late in (pd.Timestamp(UNTIL), pd.NaT):
        rows = TRAINING.assign(known_on=TRAINING["known_on"].where(np.arange(len(TRAINING)) != 5, late))
        check = time_order.judge(rows, JUDGING, CONTRACT, SINCE, UNTIL, KNOBS)[-1]
        n = len(TRAINING) + len(JUDGING)
        why = (
            f"1 of {n:,} labels became known on or after 2026-03-01 by 'known_on', or nobody can tell when: "
            "on that day no model could have been trained on them."
        )
        assert check == Check("labels of the future", Decision.REJECT, why, 1, 0, n=n)


@pytest.mark.parametrize(("since", "until"), [(date(2026, 1, 2), UNTIL), (SINCE, date(2026, 2, 10))])
def test_row_outside_rejects(since, until):
    """Rows before the window, or after it, are refused."""
    assert judged(since=since, until=until)["rows in the window"] == Decision.REJECT
    times = ROWS["at"]
    outside = ((times < pd.Timestamp(since)) | (times >= pd.Timestamp(until))).sum()
    check = time_order.window(ROWS, CONTRACT, since, until)
    assert check.observed == outside > 0
    assert check.why == (
        f"{outside:,} of 2,000 rows are not of the window from {since} to before {until}: "
        "load() must keep to its bounds."
    )


def test_row_without_time_is_outside():
    """A row without a time is of no window; a bound that is left open is said to be."""
    rows = ROWS.assign(at=ROWS["at"].where(np.arange(2000) != 5, pd.NaT))
    assert time_order.window(rows, CONTRACT, SINCE, None).observed == 1
    assert "from 2026-01-01 to the last:" in time_order.window(rows, CONTRACT, SINCE, None).why
    assert "from the first row to before 2026-03-01:" in time_order.window(rows, CONTRACT, None, UNTIL).why
    early = ROWS.assign(at=ROWS["at"].where(np.arange(2000) != 5, pd.Timestamp(SINCE)))
    assert time_order.window(early, CONTRACT, SINCE, UNTIL).observed == 0


def test_rows_without_clock_are_no_proof():
    """Where the schema names no time, days cannot be looked for, and the check says so."""
    check = time_order.window(ROWS, NUMBERED, SINCE, UNTIL)
    assert (check.decision, check.advisory) == (Decision.HOLD, True)
    assert "names no time column" in check.why
    assert time_order.window(ROWS, NUMBERED, 0, 2000).why.startswith("2,000 rows came, no more than the window")


def test_more_rows_than_numbers_reject():
    """A window of 1,999 row numbers cannot hold 2,000 rows."""
    assert time_order.window(ROWS, NUMBERED, None, 2000).decision == Decision.PROMOTE
    assert time_order.window(ROWS, NUMBERED, 0, 3000).observed == 0
    assert time_order.window(ROWS, NUMBERED, 500, 2500).observed == 0
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
    why = "There are fewer than two rows on one side, or rows without a time: their order cannot be told."
    n = len(JUDGING)
    assert time_order.order(rows, JUDGING, CONTRACT, KNOBS) == Check("order of time", Decision.ERROR, why, n=n)
    assert time_order.order(TRAINING, JUDGING.iloc[:1], CONTRACT, KNOBS).decision == Decision.ERROR
    assert time_order.order(TRAINING, JUDGING.iloc[:2], CONTRACT, KNOBS).decision != Decision.ERROR


def test_times_may_be_numbers():
    """A time that is a number is one; where it is a text that is none, there is none."""
    numbered = [part.assign(at=part["at"].astype("int64")) for part in (TRAINING, JUDGING)]
    same = time_order.order(TRAINING, JUDGING, CONTRACT, KNOBS).observed
    assert time_order.order(*numbered, CONTRACT, KNOBS).observed == same
    worded = TRAINING.assign(at="soon")
    assert time_order.order(worded, JUDGING, CONTRACT, KNOBS).decision == Decision.ERROR


def test_one_group_holds():
    """One customer's rows could lie anywhere, so their order shows nothing."""
    check = time_order.order(TRAINING, JUDGING.assign(customer="one"), CONTRACT, KNOBS)
    why = "All rows of one side are of one group: chance would put them anywhere, so their order shows nothing."
    assert check == Check("order of time", Decision.HOLD, why, n=len(JUDGING))
