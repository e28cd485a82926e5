"""What a canary's counts prove beside stable's: it is worse, it is sound, or neither yet."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from gatehouse.canary import sequential
from gatehouse.canary.counters import EDGES_MS, Counters
from gatehouse.canary.sequential import START, START_BELOW, Process, Window
from gatehouse.errors import EvidenceError
from gatehouse.knobs import Looser, Positive, Share, knobs
from gatehouse.verdicts import Check, Decision

ERRORS = "errors"
# Stable's quantiles of latency above which an answer is late.
LATE = (0.95, 0.99)
METRICS = 1 + len(LATE)
# Answers of stable from which its quantiles can be read.
FEWEST_ANSWERS = 200
# Odds beyond which nobody reads on; as a number they may not fit into a float.
MOST_ODDS = 1e9


@knobs
class Knobs:
    """Odds ratios of canary to stable, the chances of either error over a whole rollout, and a rate that is harmless.

    A canary is rolled back when its odds of an event are proven above `same` times stable's (`same_late` for answers
    above stable's p95 and p99), and goes on when they are proven below `tolerated` times, or its own rate below
    `harmless_rate`. `alpha` is shared by all metrics.
    """

    same: Annotated[Positive, Looser("higher")] = 1.0
    same_late: Annotated[Positive, Looser("higher")] = 1.5
    tolerated: Annotated[Positive, Looser("higher")] = 2.0
    harmless_rate: Annotated[Share, Looser("higher")] = 0.02
    alpha: Annotated[Share, Looser("lower")] = 0.05
    beta: Annotated[Share, Looser("higher")] = 0.05


DEFAULT = Knobs()


@dataclass(frozen=True)
class Evidence:
    """Of one metric, over all windows: that the canary is worse, that it is not, and that its own rate is harmless."""

    worse: Process = START
    sound: Process = START
    harmless: Process = START_BELOW


@dataclass(frozen=True)
class Compared:
    """What was seen of both versions so far: stable's counters at the last look, and the evidence of each metric.

    `edges` are the ends of the buckets, in milliseconds, at which stable's quantiles were frozen; empty until they are.
    """

    stable: Counters = field(default_factory=Counters)
    edges: tuple[float, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


def looked(seen: Compared, before: Counters, canary: Counters, stable: Counters | None, knobs: Knobs) -> Compared:
    """Return what is known after another look at the counters of both; `before` is the canary's at the last one.

    Where a counter went down, its router was started anew: nothing is learned, and the next window begins here.
    """
    if stable is None:
        return seen
    # Late answers are counted from the next look on: edges that were chosen by a window must not judge it.
    edges = seen.edges or frozen(stable)
    if canary.restarted(before) or stable.restarted(seen.stable):
        return Compared(stable, edges, seen.evidence)
    try:
        windows = _windows(canary.since(before), stable.since(seen.stable), seen.edges)
    except EvidenceError:  # started anew, and counted past what had been counted before
        return Compared(stable, edges, seen.evidence)
    evidence = {
        name: grown(name, seen.evidence.get(name, Evidence()), window, knobs) for name, window in windows.items()
    }
    return Compared(stable, edges, evidence)


def _windows(canary: Counters, stable: Counters, edges: tuple[float, ...]) -> dict[str, Window]:
    found = {ERRORS: Window(canary.requests, canary.errors, stable.requests, stable.errors)}
    for edge in edges:
        ours, theirs = canary.slower_than(edge), stable.slower_than(edge)
        found[late(edge)] = Window(canary.requests, ours, stable.requests, theirs)
    return found


def late(edge: float) -> str:
    """Return the name of the metric of answers that take longer than a bucket's edge."""
    return f"answers above {edge:g} ms"


def frozen(stable: Counters) -> tuple[float, ...]:
    """Return the edges of the buckets that hold stable's p95 and p99; nothing while it has answered too little."""
    if stable.requests < FEWEST_ANSWERS:
        return ()
    ends = [next((edge for edge, n in sorted(stable.latency.items()) if n >= share * stable.requests), EDGES_MS[-1])
            for share in LATE]  # fmt: skip
    return tuple(dict.fromkeys(ends))


def judged(seen: Compared, knobs: Knobs) -> tuple[Check, ...]:
    """Return a check of each metric; one that holds as long as stable's latency could not be read."""
    checks = [judge(name, evidence, METRICS, knobs) for name, evidence in seen.evidence.items()]
    if not seen.edges:
        n = seen.stable.requests
        why = f"Stable's latency is read from {FEWEST_ANSWERS} requests; it was sent {n}."
        checks.append(Check("late answers", Decision.HOLD, why, n, FEWEST_ANSWERS))
    return tuple(checks)


def grown(name: str, evidence: Evidence, window: Window, knobs: Knobs = DEFAULT) -> Evidence:
    """Return the evidence of a metric with one window more."""
    return Evidence(
        sequential.higher(evidence.worse, window, knobs.same if name == ERRORS else knobs.same_late),
        sequential.lower(evidence.sound, window, knobs.tolerated),
        sequential.below(evidence.harmless, window, knobs.harmless_rate),
    )


def judge(name: str, evidence: Evidence, metrics: int, knobs: Knobs = DEFAULT) -> Check:
    """Judge one of `metrics` metrics by all that was seen so far: reject, promote, or hold while nothing is proven.

    `observed` are the odds that decided, at most MOST_ODDS, and `limit` the odds that they had to reach.
    """
    against, sound, harmless = (
        min(math.exp(min(sequential.log_e(process), 100.0)), MOST_ODDS)
        for process in (evidence.worse, evidence.sound, evidence.harmless)
    )
    needed, enough, about = metrics / knobs.alpha, 1 / knobs.beta, f"{name} beside stable"
    if against >= needed:
        why = f"The canary has more {name} than stable: {_odds(against)}, and {needed:,.0f} to 1 roll back."
        return Check(about, Decision.REJECT, why, against, needed)
    if sound >= enough:
        why = f"The canary's odds of {name} are below {knobs.tolerated:g} times stable's: {_odds(sound)}."
        return Check(about, Decision.PROMOTE, why, sound, enough)
    if harmless >= enough:
        why = f"The canary's rate of {name} is below {knobs.harmless_rate:.2g}: {_odds(harmless)}."
        return Check(about, Decision.PROMOTE, why, harmless, enough)
    best = max(sound, harmless)
    why = f"Whether the canary has more {name} is not settled: {_odds(best)} that not, and {enough:,.0f} to 1 go on."
    return Check(about, Decision.HOLD, why, best, enough)


def _odds(value: float) -> str:
    return f"{value:,.0f} to 1" if value >= 1 else f"1 to {1 / value:,.0f}"
