"""Single features: the strongest is always named, and one that tells the label is refused."""

from dataclasses import replace

import leaks
import numpy as np
import pytest
from leaks import KNOBS

from gatehouse.gates import giveaways, strength
from gatehouse.verdicts import Check, Decision

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
    (title, table), *others = check.details["tables"].items()
    assert (title, others) == ("What single columns tell of the label", [])
    assert [row["use"] for row in table] == ["feature"] * 5
    assert check.details["feature"] == table[0]["column"] == "amount"
    assert (check.name, check.n) == ("strongest single feature", 2000)


def test_next_feature_is_named():
    """Of good rows the two strongest are named, and of a binary task no class."""
    check = judged(leaks.clean(n=2000), leaks.contract())
    assert check.why == ("Strongest single feature: 'amount', AUC 0.791, on 2,000 rows. The next is 'shop', AUC 0.665.")


def test_post_event_column_is_compared():
    """A column that is known too late is in the table, and in the sentence when it is stronger."""
    rows, agreed = leaks.planted(leaks.clean(n=2000), 2.0 * NOISE)
    target = strength.target(rows, agreed)
    first, *rest = giveaways.strongest_first(agreed.frame(rows), agreed.features, target)
    check = giveaways.judge(rest, [first], target, 2000, KNOBS)
    assert check.why == (
        "Strongest single feature: 'shop', AUC 0.665, on 2,000 rows. The next is 'leak', AUC 0.536. "
        "Stronger is only what is declared post-event and left out: 'amount', AUC 0.791."
    )
    table = check.details["tables"]["What single columns tell of the label"]
    assert [(row["column"], row["use"]) for row in table[:2]] == [
        ("amount", "post-event, left out"),
        ("shop", "feature"),
    ]
    assert "Stronger" not in giveaways.judge([first], rest, target, 2000, KNOBS).why


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
    assert "'leak' may give the label away, and the rows are too few to prove it" in check.why


def test_known_column_promotes():
    """A strong column that a person has looked at stops nothing, and is said to be so."""
    rows = leaks.clean(n=2000)
    check = judged(*leaks.planted(rows, (rows["y"] == "yes") * 1.0), replace(KNOBS, known=("leak",)))
    assert check.decision == Decision.PROMOTE
    assert "'leak'" in check.why
    assert check.why.endswith("rows. It is one of the [leakage] known columns.")


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
    why = "The schema has no feature, so there is nothing to look at."
    assert giveaways.judge([], [], target, 800, KNOBS) == Check("strongest single feature", Decision.ERROR, why, n=800)


def test_class_is_named():
    """Of several classes the sentence and the table name the one that a column tells."""
    rows = leaks.clean(n=2000, task="multiclass")
    check = judged(*leaks.planted(rows, (rows["y"] == "high") * 1.0))
    assert "for the class 'high'" in check.why
    assert next(iter(check.details["tables"].values()))[0]["class"] == "high"
