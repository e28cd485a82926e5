"""Single features: the strongest is always named, and one that tells the label is refused."""

from dataclasses import replace

import leaks
import numpy as np
import pytest
from leaks import KNOBS

from gatehouse.gates import giveaways, strength
from gatehouse.verdicts import Decision

NOISE = np.random.default_rng(1).normal(size=2000)


def judged(rows, contract, knobs=KNOBS):
    """Judge the features of rows."""
    target = strength.target(rows, contract)
    found = giveaways.strongest_first(contract.frame(rows), contract.features, target)
    return giveaways.judge(found, [], target, len(rows), knobs)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_clean_rows_promote(task):
    """The strongest feature of clean rows is named with its figure, and a table lists all."""
    check = judged(leaks.clean(n=2000, task=task), leaks.contract(task))
    assert check.decision == Decision.PROMOTE
    assert "Strongest single feature: 'amount'" in check.why
    assert f"{check.observed:.3f}" in check.why
    assert len(next(iter(check.details["tables"].values()))) == 5


@pytest.mark.parametrize("noise", [0, 1e-6])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_copied_label_rejects(task, noise):
    """The label as a feature is refused, also under tiny noise, and the column is named."""
    rows = leaks.clean(n=2000, task=task)
    values = rows["y"] if task == "regression" else (rows["y"] == rows["y"].iloc[0]).astype(float)
    check = judged(*leaks.planted(rows, values + noise * NOISE))
    assert check.decision == Decision.REJECT
    assert "'leak' gives the label away" in check.why
    assert check.interval[0] > check.limit


def test_small_evidence_holds():
    """A copy of 30 to 150 positives is pointed out, and a person decides."""
    rows = leaks.clean(n=400)
    rows["y"] = np.where(np.arange(400) % 10 == 0, "yes", "no")
    check = judged(*leaks.planted(rows, (rows["y"] == "yes").astype(float)))
    assert check.decision == Decision.HOLD
    assert "too few to prove it" in check.why


def test_known_column_promotes():
    """A strong column that a person has looked at stops nothing, and is said to be so."""
    rows = leaks.clean(n=2000)
    check = judged(*leaks.planted(rows, (rows["y"] == "yes") * 1.0), replace(KNOBS, known=("leak",)))
    assert check.decision == Decision.PROMOTE
    assert "'leak'" in check.why
    assert "known columns" in check.why


def test_strong_feature_promotes():
    """An AUC of .97 is a good feature, not a leak."""
    rows = leaks.clean(n=2000)
    check = judged(*leaks.planted(rows, 2.66 * (rows["y"] == "yes") + NOISE))
    assert check.decision == Decision.PROMOTE
    assert 0.95 < check.observed < 0.99


def test_no_feature_is_an_error():
    """Without a feature there is nothing to look at."""
    rows = leaks.clean()
    target = strength.target(rows, leaks.contract())
    assert giveaways.judge([], [], target, 800, KNOBS).decision == Decision.ERROR


def test_class_is_named():
    """Of several classes the sentence and the table name the one that a column tells."""
    rows = leaks.clean(n=2000, task="multiclass")
    check = judged(*leaks.planted(rows, (rows["y"] == "high") * 1.0))
    assert "for the class 'high'" in check.why
    assert next(iter(check.details["tables"].values()))[0]["class"] == "high"
