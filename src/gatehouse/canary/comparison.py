"""What a canary's counts prove beside stable's: it is worse, it is sound, or neither yet."""

import math
from dataclasses import dataclass
from typing import Annotated

from gatehouse.canary import sequential
from gatehouse.canary.sequential import START, START_BELOW, Process, Window
from gatehouse.knobs import Looser, Positive, Share, knobs
from gatehouse.verdicts import Check, Decision

# Odds beyond which nobody reads on; as a number they may not fit into a float.
MOST_ODDS = 1e9


@knobs
class Knobs:
    """Odds ratios of canary to stable, the chances of either error over a whole rollout, and a rate that is harmless.

    A canary is rolled back when its odds of an event are proven above `same` times stable's, and goes on when they are
    proven below `tolerated` times, or its own rate below `harmless_rate`. `alpha` is shared by all metrics.
    """

    same: Annotated[Positive, Looser("higher")] = 1.0
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


def grown(evidence: Evidence, window: Window, knobs: Knobs = DEFAULT) -> Evidence:
    """Return the evidence with one window more."""
    return Evidence(
        sequential.higher(evidence.worse, window, knobs.same),
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
    needed, enough = metrics / knobs.alpha, 1 / knobs.beta
    if against >= needed:
        why = f"The canary has more {name} than stable: {_odds(against)}, and {needed:,.0f} to 1 roll back."
        return Check(name, Decision.REJECT, why, against, needed)
    if sound >= enough:
        why = f"The canary's odds of {name} are below {knobs.tolerated:g} times stable's: {_odds(sound)}."
        return Check(name, Decision.PROMOTE, why, sound, enough)
    if harmless >= enough:
        why = f"The canary's rate of {name} is below {knobs.harmless_rate:.2g}: {_odds(harmless)}."
        return Check(name, Decision.PROMOTE, why, harmless, enough)
    best = max(sound, harmless)
    why = f"Whether the canary has more {name} is not settled: {_odds(best)} that not, and {enough:,.0f} to 1 go on."
    return Check(name, Decision.HOLD, why, best, enough)


def _odds(value: float) -> str:
    return f"{value:,.0f} to 1" if value >= 1 else f"1 to {1 / value:,.0f}"
