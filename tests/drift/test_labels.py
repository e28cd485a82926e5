import pytest

from gatehouse.drift import labels
from gatehouse.gates.metrics import Estimate
from gatehouse.verdicts import Decision


def measured(value: float, higher: bool = True) -> Estimate:
    """Return a metric with a standard error of .02."""
    return Estimate("f1" if higher else "mae", higher, value, 0.02, 1000)


@pytest.mark.parametrize(("value", "decision"), [(0.8, "promote"), (0.6, "reject"), (0.7, "hold")])
def test_floor_decides(value: float, decision: str) -> None:
    """Above the floor is good, below it bad, and an interval across it settles nothing."""
    check = labels.judge(measured(value), 0.7)
    assert check.decision == decision
    assert not check.advisory


@pytest.mark.parametrize(("value", "decision"), [(0.6, "promote"), (0.8, "reject"), (0.7, "hold")])
def test_loss_has_ceiling(value: float, decision: str) -> None:
    """For a loss the floor is the most that it may be."""
    assert labels.judge(measured(value, higher=False), 0.7).decision == decision


def test_no_labels_are_no_pass() -> None:
    """Without labels nothing is known, and the check says so without deciding."""
    check = labels.judge(None, 0.7)
    assert (check.decision, check.advisory) == (Decision.HOLD, True)


def test_no_floor_decides_nothing() -> None:
    """With a floor of 0 the value is reported and decides nothing."""
    check = labels.judge(measured(0.1), 0.0)
    assert (check.decision, check.advisory, check.observed) == (Decision.HOLD, True, 0.1)
