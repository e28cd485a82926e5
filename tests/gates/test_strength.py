"""What one column tells: copies are perfect, noise is nothing, and many levels do not look perfect by overfitting."""

import leaks
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from gatehouse.contract import Column, Contract
from gatehouse.errors import EvidenceError
from gatehouse.gates import strength

NUMBER, CATEGORY = Column("x", "number"), Column("x", "category")
ROWS = leaks.clean(n=2000)
TARGET = strength.target(ROWS, leaks.contract())
UP = (ROWS["y"] == "yes").to_numpy()
NOISE = np.random.default_rng(1).normal(size=2000)


def told(values, column=NUMBER, target=TARGET):
    """Return the strength of one column."""
    return strength.of(pd.Series(values), column, target).value


def test_number_is_its_auc():
    """A number's strength is scikit-learn's AUC, whichever way round it orders."""
    noisy = UP + NOISE
    assert told(noisy) == pytest.approx(roc_auc_score(UP, noisy))
    assert TARGET.measure == "AUC"
    assert told(-noisy) == pytest.approx(told(noisy))


@pytest.mark.parametrize(
    "values", [UP.astype(float), UP + NOISE / 1e6, np.where(UP, 5.0, np.nan), np.where(UP, np.nan, NOISE), 1 - UP]
)
def test_leaks_are_perfect(values):
    """The label, the label with tiny noise, and a number that is missing where the label is, tell it all."""
    assert told(np.asarray(values, dtype=float)) == pytest.approx(1)


def test_middle_values_are_seen():
    """A number that tells the label by a range in its middle is found, as well as bins of 2 % can."""
    values = np.where(UP, 0.0, np.where(NOISE > 0, 1 + np.abs(NOISE), -1 - np.abs(NOISE)))
    assert told(values) > 0.98


def test_rates_are_of_other_folds():
    """A level has the mean of the label on the other folds, drawn a row's weight to the mean of all; ties share."""
    codes, folds = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 1, 2, 0, 1])
    side = np.array([True, True, False, False, False, True])
    target = strength.Target(side[:, None], ("yes",), folds)
    rates = []
    for code, fold in zip(codes, folds, strict=True):
        others = side[(codes == code) & (folds != fold)]
        rates.append((others.sum() + side.mean()) / (len(others) + 1))
    assert strength.by_rate(codes, target)[:, 0].tolist() == stats.rankdata(rates).tolist()


def test_groups_share_a_fold():
    """Rows of one group are in one of five folds; without a group or an id the rows are dealt out."""
    folds = pd.Series(TARGET.folds)
    assert (folds.groupby(ROWS["customer"]).nunique() == 1).all()
    assert set(folds) == {0, 1, 2, 3, 4}
    by_id = Contract(tuple(column for column in leaks.contract().columns if column.role != "group"), "binary", "yes")
    nameless = Contract(tuple(column for column in by_id.columns if column.role != "id"), "binary", "yes")
    assert strength.target(ROWS, by_id).folds.tolist() != strength.target(ROWS, nameless).folds.tolist()
    assert strength.target(ROWS, nameless).folds.tolist() == [row % 5 for row in range(2000)]


@pytest.mark.parametrize(("distinct", "levels"), [(50, 50), (51, 50), (2000, 50)])
def test_numbers_fall_into_bins(distinct, levels):
    """Up to fifty values are levels of their own; more fall into fifty bins of as many rows, and missing is apart."""
    numbers = pd.Series(np.append(np.arange(2000) % distinct, np.nan)).astype(float)
    codes = strength.levels(numbers, NUMBER)
    assert len(np.unique(codes)) == levels + 1
    assert codes[-1] == levels
    if distinct == 2000:
        assert set(np.bincount(codes)[:-1]) <= {39, 40, 41}


def test_thirty_of_a_class_are_enough():
    """A class is judged from thirty rows on."""
    rows = leaks.clean(n=400, task="multiclass")
    rows["y"] = np.where(np.arange(400) < 30, "rare", np.where(np.arange(400) < 59, "few", "many"))
    target = strength.target(rows, leaks.contract("multiclass"))
    assert target.names == ("many", "rare")
    assert target.sides.sum(axis=0).tolist() == [341, 30]
    assert len(strength.target(leaks.clean(n=30, task="regression"), leaks.contract("regression")).folds) == 30


def test_noise_tells_nothing():
    """Noise, a constant, and a level for every row stay near one half."""
    assert told(NOISE) < 0.56
    assert told(np.ones(2000)) == pytest.approx(0.5, abs=0.03)
    assert told([f"level {number}" for number in range(2000)], CATEGORY) == pytest.approx(0.5, abs=0.02)
    assert told([f"level {number // 2}" for number in range(2000)], CATEGORY) < 0.56


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_odd_values_are_values(value):
    """A column of nothing tells nothing, and an infinite value where the label is tells it all."""
    assert told(np.full(2000, value)) == pytest.approx(0.5, abs=0.03)
    assert told(np.where(UP, value, NOISE)) == pytest.approx(1)


def test_category_copy_is_perfect():
    """A category that is the label under other names, or missing where it is no, tells it all."""
    assert told(np.where(UP, "a", "b").astype(object), CATEGORY) > 0.999
    assert told(pd.Series(np.where(UP, "a", "b"), dtype=object).where(UP, np.nan), CATEGORY) > 0.999


def test_several_classes_name_one():
    """Of several classes the one is named that a column tells most of."""
    rows = leaks.clean(n=2000, task="multiclass")
    target = strength.target(rows, leaks.contract("multiclass"))
    found = strength.of((rows["y"] == "low").astype(float), NUMBER, target)
    assert (found.value, target.names[found.side]) == (1.0, "low")


def test_regression_ranks():
    """For a regression any monotonous function of the label tells it all, and noise nothing."""
    rows = leaks.clean(n=2000, task="regression")
    target = strength.target(rows, leaks.contract("regression"))
    assert told(-np.exp(rows["y"]), target=target) == pytest.approx(1)
    assert target.measure == "rank correlation"
    noisy = strength.of(rows["y"] + 2 * NOISE, NUMBER, target)
    expected = stats.spearmanr(rows["y"], rows["y"] + 2 * NOISE).statistic
    assert noisy.value == pytest.approx(expected)
    ends = np.tanh(np.arctanh(expected) + np.array([-1, 1]) * 1.6448536 * 1.03 / np.sqrt(1997))
    assert strength.bounds(noisy, target, 0.95) == pytest.approx(tuple(ends))
    assert told(NOISE, target=target) < 0.15
    low, high = strength.bounds(strength.of(-rows["y"], NUMBER, target), target, 0.95)
    assert low > 0.99
    assert high <= 1


@given(st.integers(0, 10_000), st.sampled_from([NUMBER, CATEGORY]))
def test_order_of_rows_is_nothing(seed, column):
    """Rows in another order tell the same."""
    order = np.random.default_rng(seed).permutation(2000)
    target = strength.Target(TARGET.sides[order], TARGET.names, TARGET.folds[order])
    values = ROWS["amount"] if column is NUMBER else ROWS["shop"]
    assert told(values.to_numpy()[order], column, target) == pytest.approx(told(values, column))


def test_bounds_hold_the_truth():
    """The lower bound of an AUC of .8 is above it in about one of twenty samples."""
    above = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        up = random.random(400) < 0.3
        target = strength.Target(up[:, None], ("yes",), np.arange(400) % 5)
        found = strength.of(pd.Series(random.normal(size=400) + 1.1902 * up), NUMBER, target)
        above += strength.bounds(found, target, 0.95)[0] > 0.8
    assert 4 <= above <= 30


@pytest.mark.parametrize(("ups", "proven"), [(40, False), (160, True)])
def test_few_rows_prove_little(ups, proven):
    """A perfect order of 40 rows does not prove an AUC above .99; of 160 it does."""
    up = np.arange(1000) < ups
    target = strength.Target(up[:, None], ("yes",), np.arange(1000) % 5)
    found = strength.of(pd.Series(up.astype(float)), NUMBER, target)
    assert (strength.bounds(found, target, 0.95)[0] > 0.99) == proven


def test_time_is_a_number():
    """A point in time is ordered as such, and one that is missing is a gap."""
    column = Column("x", "time")
    numbers = strength.numbers_of(pd.Series(["2026-01-02 00:00:00", None, "2026-01-01 00:00:00"], dtype=object), column)
    assert numbers[0] > numbers[2]
    assert np.isnan(numbers[1])


def test_rare_class_is_left_out():
    """A class of few rows is not judged; where no class has enough there is nothing to judge."""
    rows = leaks.clean(n=400, task="multiclass")
    rows.loc[:9, "y"] = "rare"
    assert "rare" not in strength.target(rows, leaks.contract("multiclass")).names
    few = leaks.clean(n=400)
    few["y"] = np.where(np.arange(400) < 10, "yes", "no")
    with pytest.raises(EvidenceError, match="only 10"):
        strength.target(few, leaks.contract())


@pytest.mark.parametrize(
    ("task", "label", "said"),
    [
        ("binary", "yes", "must hold two classes"),
        ("binary", np.nan, "'nan'"),
        ("multiclass", "low", "two or more"),
        ("regression", 1.5, "Every label of the 50 rows is 1.5"),
        ("regression", np.nan, "NaN"),
    ],
)
def test_bad_labels_are_errors(task, label, said):
    """One class, one number and NaN are told as what they are."""
    rows = leaks.clean(n=50, task=task)
    rows["y"] = label
    with pytest.raises(EvidenceError, match=said):
        strength.target(rows, leaks.contract(task))


@pytest.mark.parametrize("n", [0, 29])
def test_too_few_rows_are_an_error(n):
    """Fewer than 30 rows tell nothing, and none at all no more."""
    with pytest.raises(EvidenceError, match=f"{n} labelled rows"):
        strength.target(leaks.clean(n=50).iloc[:n], leaks.contract())
