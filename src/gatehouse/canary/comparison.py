"""What the counts of one metric prove of a canary beside stable: it is worse, it is sound, or neither yet."""

from dataclasses import dataclass
from typing import Annotated

from gatehouse.canary import sequential
from gatehouse.canary.counters import EDGES_MS, Counters, Edge
from gatehouse.canary.sequential import START, START_BELOW, Process, Window, spoken
from gatehouse.knobs import AtLeastOne, Looser, Multiple, Positive, Share, knobs
from gatehouse.verdicts import Check, Decision

ERRORS = "errors"
# Stable's quantiles of latency above which an answer is late.
LATE = (0.95, 0.99)
# Those that share alpha: errors, and late answers.
METRICS = 1 + len(LATE)
# What predictions get of alpha: another model shows at once, and a little more errors only in the long run.
FOR_PREDICTIONS = 0.05
# Answers of stable from which its quantiles can be read.
FEWEST_ANSWERS = 200


@knobs
class Knobs:
    """Odds ratios of canary to stable, the chances of either error over a whole rollout, and a rate that is harmless.

    A canary is rolled back when its odds of an event are proven above `same` times stable's (`same_late` for answers
    above stable's p95 and p99, if these took more than `late_floor_ms`), and goes on when they are proven below
    `tolerated` times, or its own rate below `harmless_rate`. `alpha` is shared by all metrics, and by its predictions,
    whose PSI may exceed by `psi` what it was on the newest rows.

    Counts are divided by how bursty stable was in windows of `window_seconds` before the start, by `bursts` where it
    was not watched long enough, and by no less where clients stay with their version. The odds that a request goes to
    the canary may be `uneven` times those that were set.
    """

    same: Annotated[Positive, Looser("higher")] = 1.0
    same_late: Annotated[Positive, Looser("higher")] = 1.5
    late_floor_ms: Annotated[Edge, Looser("higher")] = 25.0
    tolerated: Annotated[Positive, Looser("higher")] = 2.0
    harmless_rate: Annotated[Share, Looser("higher")] = 0.02
    alpha: Annotated[Share, Looser("lower")] = 0.05
    beta: Annotated[Share, Looser("higher")] = 0.05
    psi: Annotated[Positive, Looser("higher")] = 0.1
    window_seconds: Positive = 60.0
    bursts: Annotated[AtLeastOne, Looser("lower")] = 3.0
    uneven: Annotated[Multiple, Looser("higher")] = 1.25


DEFAULT = Knobs()


@dataclass(frozen=True)
class Evidence:
    """Of one metric, over all windows: that the canary is worse, that it is not, and that its own rate is harmless."""

    worse: Process = START
    sound: Process = START
    harmless: Process = START_BELOW


def late(edge: float) -> str:
    """Return the name of the metric of answers that take longer than a bucket's edge."""
    return f"answers above {edge:g} ms"


def frozen(stable: Counters, knobs: Knobs = DEFAULT) -> tuple[float, ...]:
    """Return the edges, in milliseconds, above which answers are late; nothing while stable has answered too little.

    They end the buckets of its p95 and p99, but none is below the floor: where stable answers within the first bucket,
    colder caches alone make a version later than that.
    """
    if stable.requests < FEWEST_ANSWERS:
        return ()
    ends = [next((edge for edge, n in sorted(stable.latency.items()) if n >= share * stable.requests), EDGES_MS[-1])
            for share in LATE]  # fmt: skip
    return tuple(dict.fromkeys(max(end, knobs.late_floor_ms) for end in ends))


def grown(name: str, evidence: Evidence, window: Window, knobs: Knobs = DEFAULT) -> Evidence:
    """Return the evidence of a metric with one window more."""
    return Evidence(
        sequential.higher(evidence.worse, window, knobs.same if name == ERRORS else knobs.same_late),
        sequential.lower(evidence.sound, window, knobs.tolerated),
        sequential.below(evidence.harmless, window, knobs.harmless_rate),
    )


def needed_odds(knobs: Knobs = DEFAULT) -> float:
    """Return the odds in one metric for which a canary is rolled back: of its part of alpha, by Ville's inequality."""
    return METRICS / (knobs.alpha * (1 - FOR_PREDICTIONS))


def judge(name: str, evidence: Evidence, knobs: Knobs = DEFAULT) -> Check:
    """Judge a metric by all that was seen so far: reject, promote, or hold while nothing is proven.

    `observed` are the odds that decided, at most `sequential.MOST_ODDS`, and `limit` the odds that they had to reach.
    """
    against, sound, harmless = (
        sequential.odds(process) for process in (evidence.worse, evidence.sound, evidence.harmless)
    )
    needed, enough, about = needed_odds(knobs), 1 / knobs.beta, f"{name} beside stable"
    if against >= needed:
        why = f"The canary has more {name} than stable: {spoken(against)}, and {needed:,.0f} to 1 roll back."
        return Check(about, Decision.REJECT, why, against, needed)
    if sound >= enough:
        why = f"The canary's odds of {name} are below {knobs.tolerated:g} times stable's: {spoken(sound)}."
        return Check(about, Decision.PROMOTE, why, sound, enough)
    if harmless >= enough:
        why = f"The canary's rate of {name} is below {knobs.harmless_rate:.2g}: {spoken(harmless)}."
        return Check(about, Decision.PROMOTE, why, harmless, enough)
    best = max(sound, harmless)
    why = f"Whether the canary has more {name} is not settled: {spoken(best)} that not, and {enough:,.0f} to 1 go on."
    return Check(about, Decision.HOLD, why, best, enough)
