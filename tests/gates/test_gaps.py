"""Columns that are missing, or constant, where the label is: refused, with the column and the class."""

from dataclasses import replace

import leaks
import numpy as np
import pytest
from leaks import KNOBS
from sklearn.metrics import roc_auc_score

from gatehouse.contract import Column
from gatehouse.gates import gaps, strength
from gatehouse.verdicts import Check, Decision

NOISE = np.random.default_rng(1).normal(size=2000)
ROWS = leaks.clean(n=2000)
UP = (ROWS["y"] == "yes").to_numpy()
YES, NO = f"{UP.sum():,} of {UP.sum():,}", f"{(~UP).sum():,} of {(~UP).sum():,}"


def judged(rows, contract, knobs=KNOBS):
    """Judge the features of rows."""
    target = strength.target(rows, contract)
    return gaps.judge(contract.frame(rows), contract.features, target, len(rows), knobs)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.where(UP, np.nan, NOISE), f"'leak' is missing in {YES} rows whose label is 'yes', and in 0 of"),
        (np.where(UP, NOISE, np.nan), f"'leak' is missing in {NO} rows whose label is not 'yes'"),
        (np.where(UP, 0.5, NOISE), f"'leak' is '0.5' in {YES} rows whose label is 'yes'"),
        (np.where(UP, NOISE, 0.5), f"'leak' is '0.5' in {NO} rows whose label is not 'yes'"),
    ],
)
def test_giveaway_rejects(values, said):
    """Missing or constant where the label is, or where it is not: refused in one sentence."""
    check = judged(*leaks.planted(ROWS, values))
    assert check.decision == Decision.REJECT
    assert said in check.why
    assert "AUC 1.000. 'leak' gives the label away: is it known before the label?" in check.why
    assert (check.name, check.observed, check.limit, check.n) == ("missing or constant by label", 1.0, 0.99, 2000)
    assert 0.99 < check.interval[0] < check.interval[1] == 1.0
    assert check.details["feature"] == "leak"


def test_nearly_missing_rejects():
    """A few rows more or less hide nothing."""
    values = np.where(UP ^ (np.random.default_rng(2).random(2000) < 0.002), np.nan, NOISE)
    assert judged(*leaks.planted(ROWS, values)).decision == Decision.REJECT


def test_partly_missing_promotes():
    """Missing in every positive and in a third of the others is a good feature, and is named as the nearest."""
    values = np.where(UP | (NOISE > 0.43), np.nan, NOISE)
    check = judged(*leaks.planted(ROWS, values))
    assert check.decision == Decision.PROMOTE
    assert check.why == ("No feature is missing, or constant, exactly where the label is of one kind, on 2,000 rows.")
    inside, outside = (UP & np.isnan(values)).sum(), (~UP & np.isnan(values)).sum()
    auc = (inside / UP.sum() + 1 - outside / (~UP).sum()) / 2
    assert check.details["nearest"] == (
        f"'leak' is missing in {YES} rows whose label is 'yes', and in {outside} of the {(~UP).sum():,} others: "
        f"AUC {auc:.3f}."
    )
    assert check.observed == pytest.approx(auc)
    assert check.interval[0] < auc < check.interval[1]


def test_sensitive_value_is_not_told():
    """The value of a sensitive column stands nowhere in the check."""
    rows, contract = leaks.planted(ROWS, np.where(UP, 0.5, NOISE), Column("leak", "number", sensitive=True))
    check = judged(rows, contract)
    assert check.decision == Decision.REJECT
    assert "'leak' has one value in " in check.why
    assert "'0.5'" not in str(check)


def test_one_class_of_several():
    """Of several classes the one is named that the gaps tell."""
    rows = leaks.clean(n=2000, task="multiclass")
    check = judged(*leaks.planted(rows, np.where(rows["y"] == "low", np.nan, NOISE)))
    assert check.decision == Decision.REJECT
    assert "label is 'low'" in check.why


@pytest.mark.parametrize(("above", "said"), [(True, "high"), (False, "low")])
def test_regression_gap_rejects(above, said):
    """A number that is missing above some label, or below, gives it away."""
    rows = leaks.clean(n=2000, task="regression")
    check = judged(*leaks.planted(rows, np.where((rows["y"] > 0.7) == above, np.nan, NOISE)))
    assert check.decision == Decision.REJECT
    assert f"is missing where the label is {said}, AUC 1.000." in check.why


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_regression_gap_is_an_auc(share):
    """For a number the figure is the AUC of the label for being missing, as scikit-learn has it."""
    rows = leaks.clean(n=2000, task="regression")
    missing = np.random.default_rng(5).random(2000) < np.where(rows["y"] > 0.7, share, 0.1)
    check = judged(*leaks.planted(rows, np.where(missing, np.nan, NOISE)))
    assert check.observed == pytest.approx(roc_auc_score(missing, rows["y"]))
    assert check.interval[0] < check.observed < check.interval[1]


def test_known_column_promotes():
    """A column that a person has looked at is passed over."""
    rows, contract = leaks.planted(ROWS, np.where(UP, np.nan, NOISE))
    assert judged(rows, contract, replace(KNOBS, known=("leak",))).decision == Decision.PROMOTE


def test_nothing_repeats():
    """Where no column repeats a value or lacks one there is nothing to find, and that is said."""
    target = strength.target(ROWS, leaks.contract())
    frame = leaks.contract().frame(ROWS).assign(amount=NOISE)
    check = gaps.judge(frame, [Column("amount", "number")], target, 2000, KNOBS)
    why = "No feature is missing or repeats a value on 30 rows or more."
    assert check == Check("missing or constant by label", Decision.PROMOTE, why, n=2000)


def test_few_rows_hold():
    """What 40 positives show is pointed out, and a person decides."""
    up = np.arange(2000) < 40
    rows = ROWS.assign(y=np.where(up, "yes", "no"))
    check = judged(*leaks.planted(rows, np.where(up, np.nan, NOISE)))
    assert check.decision == Decision.HOLD
    assert "'leak' may give the label away, and the rows are too few to prove it" in check.why
