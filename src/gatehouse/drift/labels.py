"""Labelled performance: what the model is worth in production, once the labels are old enough."""

from typing import Protocol

from gatehouse.verdicts import Check, Decision

NAME = "performance"
CONFIDENCE = 0.95


class Measured(Protocol):
    """A metric with its interval, as `gates.metrics.estimate` gives it."""

    @property
    def metric(self) -> str:
        """Its name."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better."""

    @property
    def value(self) -> float:
        """Its value, in natural units."""

    @property
    def n(self) -> int:
        """The labelled rows behind it."""

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the one-sided lower and upper bound."""


def judge(performance: Measured | None, floor: float) -> Check:
    """Reject when the whole interval is on the wrong side of the floor; for a loss the floor is the most it may be.

    Without labels, or with a floor of 0 (off), the check is advisory: features alone never show a lost concept.
    """
    if performance is None:
        why = "No labels were given, so what the model is worth now is not known; features cannot show it."
        return Check(NAME, Decision.HOLD, why, advisory=True)
    low, high = performance.bounds(CONFIDENCE)
    seen = (
        f"{performance.metric} is {performance.value:.4g} ({low:.4g} to {high:.4g}) on {performance.n:,} labelled rows"
    )
    if floor == 0:
        why = f"{seen}; no performance_floor is set, so it decides nothing."
        return Check(NAME, Decision.HOLD, why, performance.value, None, (low, high), performance.n, advisory=True)
    good, bad = (low >= floor, high < floor) if performance.higher_is_better else (high <= floor, low > floor)
    decision = Decision.PROMOTE if good else Decision.REJECT if bad else Decision.HOLD
    verb = {"promote": "it keeps", "reject": "it misses", "hold": "it is not settled whether it keeps"}[decision]
    why = f"{seen}: {verb} the floor of {floor:g}."
    details = {"metric": performance.metric, "higher_is_better": performance.higher_is_better}
    return Check(NAME, decision, why, performance.value, floor, (low, high), performance.n, details=details)
