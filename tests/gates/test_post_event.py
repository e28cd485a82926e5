"""Post-event columns: told, never used, and never under another name."""

import leaks
import numpy as np
import pandas as pd
import pytest

from gatehouse.contract import Column
from gatehouse.gates import giveaways, leakage, post_event, strength
from gatehouse.verdicts import Decision

NOISE = np.random.default_rng(1).normal(size=2000)
ROWS = leaks.clean(n=2000)
UP = (ROWS["y"] == "yes").to_numpy()
ONE, OTHER = Column("one", "number"), Column("other", "number")


def told(values):
    """Return what is said of a post-event column with these values."""
    rows, contract = leaks.planted(ROWS, values, leaks.later())
    target, frame = strength.target(rows, contract), leakage.opened(contract, rows).frame(rows)
    found = giveaways.strongest_first(frame, contract.features, target)
    left_out = giveaways.strongest_first(frame, [leaks.later()], target)
    return post_event.declared(left_out, found[0], target, 2000), giveaways.judge(
        found, left_out, target, 2000, leaks.KNOBS
    )


def test_leaky_column_is_told():
    """A post-event column that tells more than every feature is pointed out; it stops nothing, being left out."""
    (check,), strongest = told(UP * 2.0 + NOISE)
    assert check.decision == Decision.PROMOTE
    assert "'leak', AUC 0.9" in check.why
    assert "leaky" in check.why
    assert "strongest single column of all" in check.why
    assert "'leak', AUC 0.9" in strongest.why
    assert strongest.details["feature"] == "amount"


def test_weak_column_is_told():
    """One that tells little is named with its figure, and is not called the strongest."""
    (check,), strongest = told(NOISE)
    assert "'leak', AUC 0.5" in check.why
    assert "strongest" not in check.why
    assert "left out" not in strongest.why


def test_none_declared_promotes():
    """Without such a column the check says how one is declared."""
    (check,) = post_event.declared([], None, strength.target(ROWS, leaks.contract()), 2000)
    assert check.decision == Decision.PROMOTE
    assert "post_event=True" in check.why


def test_used_column_rejects():
    """A bundle with a feature that is declared post-event since is refused, by the column's name."""
    old, new = leaks.contract("binary", Column("leak", "number")), leaks.contract("binary", leaks.later())
    check = post_event.used(old, new)
    assert check.decision == Decision.REJECT
    assert "'leak'" in check.why
    assert post_event.used(new, new).decision == Decision.PROMOTE


def copies(one, other, kinds=("number", "number")):
    """Return the check of a feature and a post-event column with these values."""
    frame = pd.DataFrame({"one": one, "other": other})
    return post_event.copies(frame, [Column("one", kinds[0])], [leaks.later("other", kinds[1])], 2000)


@pytest.mark.parametrize("copy", [NOISE, -3 * NOISE + 1, np.exp(NOISE), NOISE + 1e-3 * NOISE[::-1]])
def test_near_copy_rejects(copy):
    """A copy, turned, stretched or under a little noise, is refused with both names."""
    check = copies(copy, NOISE)
    assert check.decision == Decision.REJECT
    assert "'one' is nearly a copy of 'other'" in check.why


def test_renamed_categories_reject():
    """The same categories under other names are a copy, also as numbers."""
    levels = ROWS["shop"].fillna("none").to_numpy(dtype=object)
    renamed = np.array([f"new {level}" for level in levels], dtype=object)
    assert copies(renamed, levels, ("category", "category")).decision == Decision.REJECT
    numbers = pd.factorize(levels)[0].astype(float)
    assert copies(numbers, levels, ("number", "category")).decision == Decision.REJECT


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (NOISE, NOISE[::-1], "number"),
        (NOISE + 0.3 * NOISE[::-1], NOISE, "number"),
        (np.ones(2000), np.ones(2000), "number"),
        (np.arange(2000) == 5, np.arange(2000) == 5, "number"),
        ([f"a{number}" for number in range(2000)], [f"b{number}" for number in range(2000)], "category"),
        (ROWS["shop"].to_numpy(dtype=object), ROWS["device"].to_numpy(dtype=object), "category"),
        (np.full(2000, np.nan), NOISE, "number"),
    ],
    ids=["noise", "correlated", "constant", "one row", "unique", "unrelated", "missing"],
)
def test_other_columns_promote(one, other, kind):
    """What is only related, constant, or a level for every row is no copy."""
    assert copies(np.asarray(one, dtype=object if kind == "category" else float), other, (kind, kind)).decision == (
        Decision.PROMOTE
    )


def test_nothing_to_copy():
    """Without post-event columns nothing can be copied."""
    assert post_event.copies(pd.DataFrame({"one": NOISE}), [ONE], [], 2000).decision == Decision.PROMOTE
