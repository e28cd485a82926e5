"""What the rules of leakage share: the sample, the words, and no alarm on clean rows."""

from dataclasses import replace

import leaks
import pandas as pd
import pytest
from leaks import KNOBS

from gatehouse.gates import gaps, giveaways, leakage, overlap, strength, time_order
from gatehouse.verdicts import Decision


@pytest.mark.parametrize(("task", "first"), [("binary", 0), ("multiclass", 34), ("regression", 68)])
def test_clean_rows_never_alarm(task, first):
    """In 100 seeded runs on clean rows no rule of rows or columns says anything but promote."""
    contract = leaks.contract(task)
    for seed in range(first, min(first + 34, 100)):
        rows = leaks.clean(seed, 500, task)
        training, judging = leaks.sides(rows, contract)
        target, frame = strength.target(rows, contract), contract.frame(rows)
        checks = [
            giveaways.judge(giveaways.strongest_first(frame, contract.features, target), [], target, 500, KNOBS),
            gaps.judge(frame, contract.features, target, 500, KNOBS),
            *overlap.judge(training, judging, contract, KNOBS),
            *time_order.judge(training, judging, contract, leaks.DAY.date(), leaks.END, KNOBS),
        ]
        assert [check.why for check in checks if check.decision != Decision.PROMOTE] == []


def test_many_rows_are_sampled():
    """Above the limit the seed draws the rows, the same ones each time and in their order."""
    rows = pd.DataFrame({"x": range(5000)})
    drawn = leakage.sample(rows, replace(KNOBS, maximum_rows=1000))
    assert len(drawn) == 1000
    assert drawn["x"].is_monotonic_increasing
    assert drawn.equals(leakage.sample(rows, replace(KNOBS, maximum_rows=1000)))
    assert leakage.sample(rows, KNOBS) is rows
    assert leakage.sample(rows, replace(KNOBS, maximum_rows=5000)) is rows


def test_sample_is_told():
    """A figure of a sample says so."""
    assert leakage.counted(5000, KNOBS) == "5,000 rows"
    assert leakage.counted(5000, replace(KNOBS, maximum_rows=5000)) == "5,000 rows"
    assert leakage.counted(5000, replace(KNOBS, maximum_rows=1000)) == "1,000 of 5,000 rows, drawn by [leakage] seed"


def test_opened_contract_adds_later_columns():
    """Post-event columns that the data has become features; one that it lacks is left out, a feature never."""
    contract = leaks.contract("binary", leaks.later(), leaks.later("lost"))
    names = [column.name for column in leakage.opened(contract, leaks.clean(n=50).assign(leak=1.0)).features]
    assert "leak" in names
    assert "lost" not in names
    without = leakage.opened(contract, leaks.clean(n=50).drop(columns="amount"))
    assert "amount" in [column.name for column in without.features]


IT = "is it known before the label? If not, drop it or declare it post_event; if so, add it to [leakage] known."
THEM = (
    "are they known before the label? If not, drop them or declare them post_event; if so, add them to [leakage] known."
)


@pytest.mark.parametrize(
    ("columns", "proven", "said"),
    [
        ("a", True, f"'a' gives the label away: {IT}"),
        ("ab", True, f"'a', 'b' give the label away: {THEM}"),
        ("a", False, f"'a' may give the label away, and the rows are too few to prove it: {IT}"),
        ("ab", False, f"'a', 'b' may give the label away, and the rows are too few to prove it: {THEM}"),
        ("abcde", True, f"'a', 'b', 'c', 'd', 'e' give the label away: {THEM}"),
        ("abcdef", True, f"'a', 'b', 'c', 'd', 'e' and more give the label away: {THEM}"),
    ],
)
def test_advice_names_columns(columns, proven, said):
    """The columns are named, what is shown of them, and the way out for one that is known in time."""
    assert leakage.advice(list(columns), proven) == said
