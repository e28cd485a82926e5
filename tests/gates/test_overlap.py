"""Rows on both sides: none by id and group, few by content, and none that trained the champion."""

from dataclasses import replace

import leaks
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leaks import KNOBS
from scipy import stats

from gatehouse.contract import Column
from gatehouse.gates import overlap
from gatehouse.verdicts import Check, Decision

CONTRACT = leaks.contract()
TRAINING, JUDGING = leaks.sides(leaks.clean(n=2000))


def decisions(checks):
    """Return the decision of every check by its name."""
    return {check.name: check.decision for check in checks}


def planted(rows: pd.DataFrame, **changed) -> pd.DataFrame:
    """Return the holdout with other rows put into it."""
    return pd.concat([JUDGING, rows.assign(**changed)])


def test_clean_split_promotes():
    """A split by the group's hash has nothing on both sides."""
    found = decisions(overlap.judge(TRAINING, JUDGING, CONTRACT, KNOBS))
    assert found == dict.fromkeys(("duplicate rows", "shared id", "shared group"), Decision.PROMOTE)


def test_clean_split_is_said():
    """What was compared is said with its numbers, where nothing was found too."""
    n = len(JUDGING)
    copies, ids, groups = overlap.judge(TRAINING, JUDGING, CONTRACT, KNOBS)
    assert copies.why == (
        f"0 of {n} held-out rows (0.00%) are also training rows, with all features and the label; 1.00% may be."
    )
    assert (copies.observed, copies.limit, copies.n) == (0.0, KNOBS.duplicates, n)
    assert copies.interval == overlap.share_bounds(0, n, KNOBS.confidence)
    assert copies.details == {"within_training": 0.0}
    why = f"No value of the id 'id' is both in the training rows and in the {n} held out."
    assert ids == Check("shared id", Decision.PROMOTE, why, 0, 0, n=n)
    assert "the group 'customer' is both" in groups.why


def test_training_rows_in_holdout_reject():
    """Training rows in the holdout are refused by content, id and group."""
    found = decisions(overlap.judge(TRAINING, planted(TRAINING.iloc[:100]), CONTRACT, KNOBS))
    assert set(found.values()) == {Decision.REJECT}


def test_renamed_copies_reject():
    """Copies under new ids, groups and times are found by what they say."""
    copies = TRAINING.iloc[:60]
    names = [f"new {number}" for number in range(60)]
    times = copies["at"] + pd.Timedelta("1D")
    check, *others = overlap.judge(TRAINING, planted(copies, id=names, customer=names, at=times), CONTRACT, KNOBS)
    assert check.decision == Decision.REJECT
    assert check.why.endswith(
        " 1.00% may be. Among the training rows only 0.00% have a twin: rows were copied. Drop the copies."
    )
    assert {other.decision for other in others} == {Decision.PROMOTE}


def test_few_copies_promote():
    """A share below the limit, or not proven to be above it, stops nothing."""
    check = overlap.duplicates(TRAINING, planted(TRAINING.iloc[:4]), CONTRACT, KNOBS)
    assert (check.decision, check.observed) == (Decision.PROMOTE, 4 / (len(JUDGING) + 4))


def test_small_domain_holds():
    """Where training rows are alike among themselves too, a person decides, or raises the limit."""
    small = leaks.clean(n=2000)[["id", "customer", "at", "vip", "y", "known_on"]]
    contract = replace(CONTRACT, columns=tuple(column for column in CONTRACT.columns if column.name in small.columns))
    training, judging = leaks.sides(small, contract)
    check = overlap.duplicates(training, judging, contract, KNOBS)
    assert check.decision == Decision.HOLD
    within = check.details["within_training"]
    assert within > 0.99
    assert check.why.endswith(
        f" 1.00% may be. But {within:.2%} of the training rows have a twin too: either such rows are natural here "
        "(then raise [leakage] duplicates), or the source gives its rows twice."
    )
    loose = replace(KNOBS, duplicates=0.9999)
    assert overlap.duplicates(training, judging, contract, loose).decision == Decision.PROMOTE


def test_other_label_is_no_copy():
    """Rows with the same features and another label are no copies."""
    other = np.where(TRAINING["y"] == "yes", "no", "yes")[:100]
    check = overlap.duplicates(TRAINING, planted(TRAINING.iloc[:100], y=other), CONTRACT, KNOBS)
    assert check.observed == 0


def test_later_columns_tell_rows_apart():
    """Rows that are alike by their features, and not by a post-event column, are two rows."""
    contract = leaks.contract("binary", leaks.later())
    copies = planted(TRAINING.iloc[:100]).assign(leak=1.0)
    check = overlap.duplicates(TRAINING.assign(leak=0.0), copies, contract, KNOBS)
    assert check.observed == 0


def test_shared_group_rejects():
    """New rows of customers who trained the model are refused, and no customer is named."""
    rows = planted(JUDGING.iloc[:5], id=[f"new {number}" for number in range(5)], customer=TRAINING["customer"].iloc[0])
    check = overlap.shared(TRAINING, rows, CONTRACT, "group")
    why = (
        f"1 values of the group 'customer' are on both sides: 5 of {len(rows)} held-out rows judge a model that has "
        "seen them. Split by the group."
    )
    assert check == Check("shared group", Decision.REJECT, why, 5, 0, n=len(rows))


def test_shared_id_names_examples():
    """An id on both sides is refused, with examples where ids are not sensitive."""
    check = overlap.shared(TRAINING, planted(JUDGING.iloc[:1], id=TRAINING["id"].iloc[0]), CONTRACT, "id")
    assert check.decision == Decision.REJECT
    assert f"on both sides, for example {TRAINING['id'].iloc[0]}: 1 of {len(JUDGING) + 1} held-out rows" in check.why
    assert check.why.endswith(" Give every row an id of its own.")
    many = overlap.shared(TRAINING, TRAINING.iloc[:5], CONTRACT, "id")
    names = sorted(TRAINING["id"].iloc[:5])[:3]
    assert f"for example {', '.join(names)}: 5 of" in many.why


@pytest.mark.parametrize(("training", "judging"), [(TRAINING, JUDGING.iloc[:0]), (TRAINING.iloc[:0], JUDGING)])
def test_empty_side_is_an_error(training, judging):
    """Without rows on a side nothing can be compared."""
    (check,) = overlap.judge(training, judging, CONTRACT, KNOBS)
    assert (check.name, check.decision, check.n) == ("duplicate rows", Decision.ERROR, len(judging))
    said = f"There are {len(training):,} rows to train on and {len(judging):,} held out: nothing can be compared."
    assert check.why == said


def test_missing_values_are_content():
    """Two rows that lack the same value are alike."""
    rows = leaks.clean(n=50).assign(amount=np.nan, shop=None)
    assert (overlap.content(rows, CONTRACT) == overlap.content(rows.assign(shop=np.nan), CONTRACT)).all()


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_share_lies_in_bounds(count, more):
    """The bounds of a share are about it, and in order."""
    low, high = overlap.share_bounds(count, count + more, 0.999)
    assert 0 <= low <= count / (count + more) <= high <= 1


def test_champion_of_other_rows_promotes():
    """A champion of the training rows has not seen those that judge."""
    check = overlap.seen("champion 1.0.0", TRAINING, JUDGING, CONTRACT, certain=True)
    n, trained = len(JUDGING), f"{len(TRAINING):,}"
    why = f"None of the {n} held-out rows is among the {trained} that the champion 1.0.0 was trained on."
    assert check == Check("champion's training rows", Decision.PROMOTE, why, 0, 0, n=n)


@pytest.mark.parametrize("certain", [True, False])
def test_champion_of_these_rows_rejects(certain):
    """A champion that was trained on the holdout is no measure."""
    check = overlap.seen("champion 1.0.0", pd.concat([TRAINING, JUDGING]), JUDGING, CONTRACT, certain=certain)
    n = len(JUDGING)
    why = (
        f"The champion 1.0.0 was trained on {n} of the {n} held-out rows: it has seen what it is judged by. Split as "
        "it was split ([holdout], and the same group), or judge by rows newer than its window."
    )
    assert check == Check("champion's training rows", Decision.REJECT, why, n, 0, n=n)


def test_champion_of_same_group_rejects():
    """A champion of other rows of the same customers has seen them too."""
    other = JUDGING.assign(id=[f"other {number}" for number in range(len(JUDGING))])
    check = overlap.seen("champion 1.0.0", other, JUDGING, CONTRACT, certain=True)
    assert check.decision == Decision.REJECT
    assert f"was trained on rows of the same 'customer' as {len(JUDGING)} of the" in check.why


def test_uncertain_champion_holds():
    """Rows that may not be those of the champion's training prove nothing; nor do rows without today's keys."""
    changed = overlap.seen("champion 1.0.0", TRAINING, JUDGING, CONTRACT, certain=False)
    nameless = TRAINING.drop(columns=["id", "customer"])
    keyless = overlap.seen("champion 1.0.0", nameless, JUDGING, CONTRACT, certain=True)
    assert changed.decision == keyless.decision == Decision.HOLD
    assert ": the data of its window has changed since, and it was split otherwise. If it was" in changed.why
    assert ": the rows that it was trained on have none of today's ids and groups. If it was" in keyless.why


def test_unknown_rows_are_told():
    """What cannot be shown is said with the way on, and a person decides."""
    why = (
        "It cannot be shown that the anchor 1.0.0 was not trained on the held-out rows: its data is gone. "
        "If it was, it only looks better than it is, so a person may approve the candidate."
    )
    check = overlap.unknown("anchor 1.0.0", "its data is gone", 9)
    assert check == Check("anchor's training rows", Decision.HOLD, why, n=9)


def test_share_bounds_are_exact():
    """The bounds are those of Clopper and Pearson, as scipy computes them, one-sided each."""
    exact = stats.binomtest(3, 40).proportion_ci(0.98, method="exact")
    assert overlap.share_bounds(3, 40, 0.99) == pytest.approx((exact.low, exact.high))
    assert (overlap.share_bounds(0, 40, 0.99)[0], overlap.share_bounds(40, 40, 0.99)[1]) == (0.0, 1.0)


def test_numbered_ids_are_compared():
    """An id is the same whether a file made a number or a text of it."""
    contract = replace(CONTRACT, columns=(Column("id", "integer", "id"), Column("y", "category", "target")))
    rows = pd.DataFrame({"id": [1, 2], "y": ["yes", "no"]})
    assert overlap.shared(rows, rows.astype({"id": str}), contract, "id").decision == Decision.REJECT
