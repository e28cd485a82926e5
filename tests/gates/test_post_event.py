"""Post-event columns: told, never used, and never under another name."""

import leaks
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gatehouse.contract import Column
from gatehouse.gates import giveaways, leakage, post_event, strength
from gatehouse.verdicts import Check, Decision

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
    assert check.why == (
        "'leak', AUC 0.911, is leaky: it is known only after the event, so no model may see it. "
        "It is the strongest single column of all."
    )
    assert (check.name, check.observed, check.n) == ("post-event leak", pytest.approx(0.911, abs=1e-3), 2000)
    assert "'leak', AUC 0.9" in strongest.why
    assert strongest.details["feature"] == "amount"


def test_weak_column_is_told():
    """One that tells little is named with its figure, and is not called the strongest."""
    (check,), strongest = told(NOISE)
    assert "'leak', AUC 0.5" in check.why
    assert check.why.endswith("so no model may see it.")
    assert "left out" not in strongest.why


def test_none_declared_promotes():
    """Without such a column the check says how one is declared."""
    (check,) = post_event.declared([], None, strength.target(ROWS, leaks.contract()), 2000)
    why = "The schema declares none. A column that is known only after the event takes metadata post_event=True."
    assert check == Check("post-event columns", Decision.PROMOTE, why, n=2000)


def test_used_column_rejects():
    """A bundle with a feature that is declared post-event since is refused, by the column's name."""
    old, new = leaks.contract("binary", Column("leak", "number")), leaks.contract("binary", leaks.later())
    check = post_event.used(old, new)
    why = "The bundle uses as a feature what the schema now calls otherwise: 'leak' (post-event). Train again."
    assert check == Check("features of the bundle", Decision.REJECT, why, 1, 0)
    good = f"None of the bundle's {len(new.features)} features is declared post-event."
    assert post_event.used(new, new) == Check("features of the bundle", Decision.PROMOTE, good, 0, 0)
    grouped = leaks.contract("binary", Column("leak", "number", "time"))
    assert "'leak' (time)" in post_event.used(old, grouped).why


def copies(one, other, kinds=("number", "number")):
    """Return the check of a feature and a post-event column with these values."""
    frame = pd.DataFrame({"one": one, "other": other})
    return post_event.copies(frame, [Column("one", kinds[0])], [leaks.later("other", kinds[1])], 2000)


@pytest.mark.parametrize("copy", [NOISE, -3 * NOISE + 1, np.exp(NOISE), NOISE + 1e-3 * NOISE[::-1]])
def test_near_copy_rejects(copy):
    """A copy, turned, stretched or under a little noise, is refused with both names."""
    check = copies(copy, NOISE)
    assert check.decision == Decision.REJECT
    assert check.why == (
        f"'one' is nearly a copy of 'other' (alike by {check.observed:.3f}), which is known only after the event: "
        "drop it, or declare it post_event."
    )
    assert (check.name, check.limit, check.n) == ("copies of post-event columns", 0.99, 2000)
    assert check.observed > 0.99


def test_nearest_pair_is_named():
    """Where nothing is a copy, the two that are most alike are named with their rank correlation."""
    related = NOISE + 0.3 * NOISE[::-1]
    check = copies(related, NOISE)
    assert check.observed == pytest.approx(stats.spearmanr(related, NOISE).statistic)
    assert check.why == f"The nearest is 'one' to 'other', alike by {check.observed:.3f}."


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
    check = post_event.copies(pd.DataFrame({"one": NOISE}), [ONE], [], 2000)
    why = "There is nothing to be copied."
    assert check == Check("copies of post-event columns", Decision.PROMOTE, why, n=2000)
