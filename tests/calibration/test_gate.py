import numpy as np
import pytest
import small_runs

from calibration import gate, quality, slices
from calibration.scenarios import Goal, Row, Share, Total
from gatehouse.gates.slices import Knobs

# As many runs of each scenario as CI has time for.
RUNS = {
    "equal": 800, "worse by .02": 800, "worse by .03": 1500, "24 worsening releases": 60,
    "equal slices, 20 % positives": 60, "equal slices, 5 % positives": 60, "recall lost, 5 % positives": 40,
}  # fmt: skip
BOUND = [row for row in gate.TABLE.rows if row.goal]


@pytest.fixture(scope="module")
def totals() -> dict[str, Total]:
    """Run every scenario that has a bound once."""
    return {name: small_runs.total(gate.TABLE, name, runs) for name, runs in RUNS.items()}


@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.text)
def test_gate_keeps_its_bounds(row: Row, totals: dict[str, Total]) -> None:
    """Every rate of the model gate keeps to its bound."""
    share = totals[row.scenario].share(row.event, row.trials)
    assert not row.goal.missed(share), f"{row.text}: {share.count} of {share.trials}, and the bound is {row.goal}"


@pytest.mark.parametrize("row", [row for row in BOUND if "slice" not in row.text], ids=lambda row: row.text)
def test_naive_rule_leaves_them(row: Row, totals: dict[str, Total]) -> None:
    """The same harness refuses what is popular."""
    assert row.goal.missed(totals[row.scenario].share(row.others[quality.NAIVE]))


def test_naive_slices_leave_them(totals: dict[str, Total]) -> None:
    """A drop of five points in F1 blocks equal slices; one in accuracy does not see that all recall is lost."""
    assert Goal("≤", 0.05).missed(totals["equal slices, 20 % positives"].share("f1 any"))
    assert Goal("≥", 0.8).missed(totals["recall lost, 5 % positives"].share("accuracy lost"))


def test_wider_tolerance_leaves_them() -> None:
    """A gate with twice the tolerance would be seen."""
    row = BOUND[0]
    random = np.random.default_rng(1)
    promoted = sum(quality.compare(random, loss=0.02, delta=2 * quality.DELTA)["promoted"] for _ in range(100))
    assert row.goal.missed(Share(int(promoted), 100))


def test_anchor_is_needed(totals: dict[str, Total]) -> None:
    """Without the anchor, small allowed losses add up."""
    assert Goal("≤", 0.03).missed(totals["24 worsening releases"].share("gate lost"))


def test_uncorrected_slices_leave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate of slices that blocks on any drop would be seen."""
    monkeypatch.setattr(slices, "KNOBS", Knobs(drop=0.01, alpha=0.9))
    total = small_runs.total(gate.TABLE, "equal slices, 20 % positives", 10)
    assert Goal("≤", 0.05).missed(total.share("rule any"))
