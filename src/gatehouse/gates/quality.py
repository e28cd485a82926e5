"""Non-inferiority: whether the candidate may replace the champion, judged on the same rows."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, field, replace
from typing import Annotated

import numpy as np

from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import metrics, suggestion
from gatehouse.gates.interval import Confidence
from gatehouse.gates.metrics import Comparison, Estimate
from gatehouse.gates.suggestion import INSTEAD
from gatehouse.gates.truth import Truth
from gatehouse.knobs import Count, Looser, Positive, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

NAME = "quality"


@knobs
class Knobs:
    """`metric` decides; `delta` is the loss that is tolerated; a first model must reach `floor` instead.

    For a loss (log_loss, mae …) `floor` is the largest value that a first model may have. `guards` maps more metrics to
    the loss of each that is tolerated: a guard can reject, and its `hold` does not block.
    """

    metric: Annotated[str, Looser("changed")] = "f1"
    delta: Annotated[Positive, Looser("higher")] = 0.02
    guards: Annotated[Mapping[str, Annotated[Positive, Looser("higher")]], Looser("fewer")] = field(
        default_factory=dict
    )
    floor: Annotated[float, Looser("worse")] = 0.6
    confidence: Annotated[Confidence, Looser("lower")] = 0.95
    bootstraps: Annotated[Count, Looser("lower")] = 1000
    seed: int = 0
    recommend_point: Annotated[Positive, Looser("higher")] = 0.01
    recommend_lower: Annotated[Positive, Looser("higher")] = 0.03


def named(truth: Truth, knobs: Knobs) -> list[str]:
    """Return the metrics that the settings name: the one that decides, and the guards.

    Raises ConfigError, naming the nearest, for one that is unknown or does not fit, and for a guard that is the metric.
    """
    if knobs.metric in knobs.guards:
        raise ConfigError(f"[gate] guards names '{knobs.metric}', which decides already. Guard by another metric.")
    return [metrics.find(name, truth.task, truth.own).name for name in (knobs.metric, *knobs.guards)]


def judge(truth: Truth, champion: Predictions | None, candidate: Predictions, knobs: Knobs) -> list[Check]:
    """Judge the candidate against the champion on the same rows, or, without one, against the floor.

    The first check is of the metric, the others of the guards, which compare with a champion only. Evidence that allows
    no judgement gives a check that says `error`. Raises what `named` raises. Formulas: STATISTICS, "Model gate".
    """
    name, *guards = named(truth, knobs)
    if champion is None:
        return [_tried(NAME, name, lambda: judge_first(_estimated(truth, candidate, knobs), knobs))]
    settle = [_tried(NAME, name, lambda: _settled(truth, champion, candidate, knobs))]
    return settle + [_guarded(guard, truth, champion, candidate, knobs) for guard in guards]


def _tried(check: str, metric: str, judged: Callable[[], Check]) -> Check:
    try:
        return judged()
    except EvidenceError as error:
        return Check(check, Decision.ERROR, str(error), details={"metric": metric})


def _estimated(truth: Truth, candidate: Predictions, knobs: Knobs) -> Estimate:
    return metrics.estimate(knobs.metric, truth, candidate, knobs.bootstraps, knobs.seed)


def _settled(truth: Truth, champion: Predictions, candidate: Predictions, knobs: Knobs) -> Check:
    """Judge by the metric that decides, and say what would settle a hold sooner."""
    pair = metrics.compare(knobs.metric, truth, champion, candidate, knobs.bootstraps, knobs.seed)
    check = judge_pair(pair, knobs)
    if check.decision != Decision.HOLD:
        return check
    sooner = suggestion.find(pair, truth, champion, candidate, knobs.delta, knobs.confidence)
    if sooner is None:
        return check
    why = f"{check.why} {sooner.sentence(pair.metric, pair.unit)}"
    return replace(check, why=why, details={**check.details, "suggestion": {"metric": INSTEAD, **asdict(sooner)}})


def _guarded(name: str, truth: Truth, champion: Predictions, candidate: Predictions, knobs: Knobs) -> Check:
    """Judge by a guard, by the same rule with its own tolerance."""
    asked = replace(knobs, metric=name, delta=knobs.guards[name], guards={})

    def judged() -> Check:
        pair = metrics.compare(name, truth, champion, candidate, knobs.bootstraps, knobs.seed)
        return judge_pair(pair, asked, guard=True)

    return _tried(f"guard {name}", name, judged)


def judge_pair(pair: Comparison, knobs: Knobs, guard: bool = False) -> Check:
    """Promote when the lower bound of the improvement is at least -delta, reject when the upper bound is below it.

    The `hold` of a guard is advisory.
    """
    low, high = pair.bounds(knobs.confidence)
    decision = decide(low, high, -knobs.delta)
    rows = pair.rows_to_settle(knobs.confidence, pair.delta + knobs.delta)
    recommended = pair.delta >= -knobs.recommend_point and low >= -knobs.recommend_lower
    seen = (
        f"{pair.metric} is {pair.candidate:.4g} for the candidate and {pair.champion:.4g} for the champion: "
        f"{moved(pair.delta)} ({_interval(low, high, knobs, '+')}) on {pair.n:,} {pair.unit}"
    )
    resolved = (
        f"Of an equal model these {pair.unit} prove that it loses less than {pair.resolution(knobs.confidence):.4g}. "
        f"{settling(pair, knobs)} would settle it."
    )
    after = "A guard that holds does not block." if guard else _advice(recommended, knobs)
    why = {
        Decision.PROMOTE: f"{seen}, which proves that it loses no more than {knobs.delta:g}.",
        Decision.REJECT: f"{seen}, which proves that it loses more than {knobs.delta:g}.",
        Decision.HOLD: f"{seen}, which does not settle whether it loses more than {knobs.delta:g}. {resolved} {after}",
    }[decision]
    details = {
        **_numbers(pair, low, high, knobs),
        "champion": pair.champion,
        "candidate": pair.candidate,
        "delta": pair.delta,
        "limit": -knobs.delta,
        "rows_to_settle": rows,
        "recommended": decision == Decision.PROMOTE or (decision == Decision.HOLD and recommended),
        "first": False,
    }
    name, advisory = (f"guard {pair.metric}", decision == Decision.HOLD) if guard else (NAME, False)
    return Check(name, decision, why, pair.delta, -knobs.delta, (low, high), pair.n, advisory, details)


def judge_first(first: Estimate, knobs: Knobs) -> Check:
    """Promote a first model whose bound is on the right side of the floor, reject one that is proven to miss it."""
    low, high = first.bounds(knobs.confidence)
    decision = decide(low, high, knobs.floor) if first.higher_is_better else decide(-high, -low, -knobs.floor)
    rows = first.rows_to_settle(knobs.confidence, first.value - knobs.floor)
    bound = f"at {'least' if first.higher_is_better else 'most'} {knobs.floor:g}"
    seen = (
        f"There is no champion to compare with, so the absolute floor decides. {first.metric} is "
        f"{first.value:.4g} ({_interval(low, high, knobs)}) on {first.n:,} {first.unit} and must be {bound}"
    )
    why = {
        Decision.PROMOTE: f"{seen}: proven.",
        Decision.REJECT: f"{seen}: disproven.",
        Decision.HOLD: f"{seen}: not settled"
        + (f"; if it stays at this value, {rows:,} {first.unit} would settle it." if rows else "."),
    }[decision]
    details = {
        **_numbers(first, low, high, knobs),
        "champion": None,
        "candidate": first.value,
        "delta": None,
        "limit": knobs.floor,
        "rows_to_settle": rows,
        "recommended": decision == Decision.PROMOTE,
        "first": True,
    }
    return Check(NAME, decision, why, first.value, knobs.floor, (low, high), first.n, details=details)


def decide(low: float, high: float, limit: float) -> Decision:
    """Return promote when all of [low, high] is at or above the limit, reject when all is below, else hold."""
    if low >= limit:
        return Decision.PROMOTE
    return Decision.REJECT if high < limit else Decision.HOLD


def settling(pair: Comparison, knobs: Knobs) -> str:
    """Say how many rows settle a comparison, if its difference stays what it is and if there is none."""
    now, equal = (pair.rows_to_settle(knobs.confidence, away + knobs.delta) for away in (pair.delta, 0.0))
    if now is None:
        return f"{equal:,} {pair.unit}, if there is no difference,"
    return f"{now:,} {pair.unit}, if the difference stays what it is, or {equal:,}, if there is none,"


def _numbers(measured: Comparison | Estimate, low: float, high: float, knobs: Knobs) -> dict[str, object]:
    """Return what a report draws of either judgement."""
    return {
        "metric": measured.metric,
        "higher_is_better": measured.higher_is_better,
        "low": low,
        "high": high,
        "se": measured.se,
        "sigma": measured.se * float(np.sqrt(measured.n)),
        "resolution": measured.resolution(knobs.confidence),
        "confidence": knobs.confidence,
        "n": measured.n,
        "unit": measured.unit,
    }


def moved(delta: float) -> str:
    """Say in words how far the candidate is from what it is compared with."""
    return f"{abs(delta):.4g} {'better' if delta > 0 else 'worse'}" if delta else "no difference"


def _interval(low: float, high: float, knobs: Knobs, sign: str = "") -> str:
    """Two one-sided bounds at 95 % make an interval of 90 %."""
    return f"{200 * knobs.confidence - 100:.3g} % interval {low:{sign}.4g} to {high:{sign}.4g}"


def _advice(recommended: bool, knobs: Knobs) -> str:
    if recommended:
        return "Approving it is recommended: what is left open is small."
    return (
        f"Approving it is not recommended: that takes a measured loss of at most {knobs.recommend_point:g}, and none "
        f"above {knobs.recommend_lower:g} that is left open."
    )
