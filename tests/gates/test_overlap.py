"""Rows on both sides: none by id and group, few by content, and none that trained the champion."""

from dataclasses import replace

import leaks
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leaks import KNOBS

from gatehouse.contract import Column
from gatehouse.gates import overlap
from gatehouse.verdicts import Decision

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
    assert "rows were copied" in check.why
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
    assert "natural" in check.why
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
    assert (check.decision, check.observed) == (Decision.REJECT, 5)
    assert str(TRAINING["customer"].iloc[0]) not in check.why


def test_shared_id_names_examples():
    """An id on both sides is refused, with examples where ids are not sensitive."""
    check = overlap.shared(TRAINING, planted(JUDGING.iloc[:1], id=TRAINING["id"].iloc[0]), CONTRACT, "id")
    assert check.decision == Decision.REJECT
    assert f"for example {TRAINING['id'].iloc[0]}" in check.why


@pytest.mark.parametrize(("training", "judging"), [(TRAINING, JUDGING.iloc[:0]), (TRAINING.iloc[:0], JUDGING)])
def test_empty_side_is_an_error(training, judging):
    """Without rows on a side nothing can be compared."""
    assert decisions(overlap.judge(training, judging, CONTRACT, KNOBS)) == {"duplicate rows": Decision.ERROR}


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
    assert check.decision == Decision.PROMOTE


@pytest.mark.parametrize("certain", [True, False])
def test_champion_of_these_rows_rejects(certain):
    """A champion that was trained on the holdout is no measure."""
    check = overlap.seen("champion 1.0.0", pd.concat([TRAINING, JUDGING]), JUDGING, CONTRACT, certain=certain)
    assert (check.decision, check.observed) == (Decision.REJECT, len(JUDGING))
    assert "seen what it is judged by" in check.why


def test_champion_of_same_group_rejects():
    """A champion of other rows of the same customers has seen them too."""
    other = JUDGING.assign(id=[f"other {number}" for number in range(len(JUDGING))])
    check = overlap.seen("champion 1.0.0", other, JUDGING, CONTRACT, certain=True)
    assert check.decision == Decision.REJECT
    assert "same 'customer'" in check.why


def test_uncertain_champion_holds():
    """Rows that may not be those of the champion's training prove nothing; nor do rows without today's keys."""
    assert overlap.seen("champion 1.0.0", TRAINING, JUDGING, CONTRACT, certain=False).decision == Decision.HOLD
    nameless = TRAINING.drop(columns=["id", "customer"])
    assert overlap.seen("champion 1.0.0", nameless, JUDGING, CONTRACT, certain=True).decision == Decision.HOLD


def test_numbered_ids_are_compared():
    """An id is the same whether a file made a number or a text of it."""
    contract = replace(CONTRACT, columns=(Column("id", "integer", "id"), Column("y", "category", "target")))
    rows = pd.DataFrame({"id": [1, 2], "y": ["yes", "no"]})
    assert overlap.shared(rows, rows.astype({"id": str}), contract, "id").decision == Decision.REJECT
