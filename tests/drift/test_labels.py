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
    assert (check.name, check.observed, check.limit, check.n) == ("performance", value, 0.7, 1000)
    assert check.interval == measured(value).bounds(0.95)
    assert check.details == {"metric": "f1", "higher_is_better": True}


@pytest.mark.parametrize(
    ("value", "verb"), [(0.8, "it keeps"), (0.6, "it misses"), (0.7, "it is not settled whether it keeps")]
)
def test_sentence_has_the_interval(value: float, verb: str) -> None:
    """The sentence names the metric, its interval, the rows behind it and the floor."""
    low, high = measured(value).bounds(0.95)
    seen = f"f1 is {value} ({low:.4f} to {high:.4f}) on 1,000 labelled rows"
    assert labels.judge(measured(value), 0.7).why == f"{seen}: {verb} the floor of 0.7."


@pytest.mark.parametrize("higher", [True, False])
def test_floor_itself_is_kept(higher: bool) -> None:
    """An interval that ends at the floor is on the good side, or not yet on the bad."""
    low, high = measured(0.7, higher).bounds(0.95)
    good, open_still = (low, high) if higher else (high, low)
    assert labels.judge(measured(0.7, higher), good).decision == Decision.PROMOTE
    assert labels.judge(measured(0.7, higher), open_still).decision == Decision.HOLD


@pytest.mark.parametrize(("value", "decision"), [(0.6, "promote"), (0.8, "reject"), (0.7, "hold")])
def test_loss_has_ceiling(value: float, decision: str) -> None:
    """For a loss the floor is the most that it may be."""
    assert labels.judge(measured(value, higher=False), 0.7).decision == decision


def test_no_labels_are_no_pass() -> None:
    """Without labels nothing is known, and the check says so without deciding."""
    check = labels.judge(None, 0.7)
    assert (check.name, check.decision, check.advisory) == ("performance", Decision.HOLD, True)
    assert check.why == ("No labels were given, so what the model is worth now is not known; features cannot show it.")


def test_no_floor_decides_nothing() -> None:
    """With a floor of 0 the value is reported and decides nothing."""
    check = labels.judge(measured(0.1), 0.0)
    assert (check.decision, check.advisory, check.observed) == (Decision.HOLD, True, 0.1)
    assert (check.name, check.limit, check.n) == ("performance", None, 1000)
    assert check.interval == measured(0.1).bounds(0.95)
    assert check.why.endswith("on 1,000 labelled rows; no performance_floor is set, so it decides nothing.")
