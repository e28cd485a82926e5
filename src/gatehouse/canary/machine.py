"""The rollout's rules, pure: (state, counters, weights, now) -> (state, checks).

A state says what the world shall be, and `actions.needed` how it gets there. So a controller that was killed between
any two lines is continued by the next one: it reads the state and does the actions of what is not settled yet.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from gatehouse.canary import comparison, evidence, rescoring, routing, shadow, side_by_side, split
from gatehouse.canary.counters import Counters, Slot
from gatehouse.canary.outputs import Outputs
from gatehouse.canary.state import ALL, FINAL, Phase, Placed, State, enter, free
from gatehouse.canary.strategy import DEFAULT, Chain, Strategy
from gatehouse.canary.watch import Watched, watched
from gatehouse.errors import EvidenceError
from gatehouse.knobs import Duration, Looser, Percent, knobs
from gatehouse.release import Release
from gatehouse.verdicts import Check, Decision


@knobs
class Knobs:
    """The canary's weights in percent, the least and the most time that a step takes: seconds, or "24h"."""

    steps: Annotated[tuple[Percent, ...], Field(min_length=1), Looser("fewer")] = (5, 10, 25, 50, 100)
    bake_seconds: Annotated[Duration, Looser("lower")] = 300.0
    step_budget_seconds: Duration = 3600.0


def begin(
    previous: State | None,
    candidate: Release,
    now: float,
    expected: Mapping[str, float] | None = None,
    strategies: Chain = DEFAULT,
    share: int = 0,
) -> State:
    """Return the first state of a rollout: the candidate goes to the slot that is free.

    `expected` is how its predictions differ from stable's on the newest rows: the PSI by output, and the share of rows.
    A shadow gets copies of `share` percent of the requests.

    Raises EvidenceError when the rollout before is not at its end.
    """
    if previous is not None and not previous.over:
        raise EvidenceError(f"A rollout is still {previous.phase}. Let it end, or abandon it, before the next begins.")
    stable = previous.stable if previous else None
    slot = free(stable)
    compared = side_by_side.Compared(outputs=Outputs(expected or {}))
    kept = previous or State(Phase.STARTING)
    state = State(
        Phase.STARTING,
        Placed(slot, candidate),
        stable,
        former=kept.former,
        compared=compared,
        strategies=strategies,
        shadow=shadow.begun(expected, share),
        watched=kept.watched,
        lease=kept.lease,
    )
    return enter(state, Phase.STARTING, 0, now, f"Version {candidate.version} starts in slot {slot}.")


def started(
    state: State, counters: Mapping[Slot, Counters], now: float, steps: Knobs, beside: comparison.Knobs
) -> State:
    """Return the state after the candidate said that it is ready; without a stable one it takes all traffic at once."""
    if state.stable is None:
        return enter(state, Phase.PROMOTED, 100, now, "It is the first version here: it takes all traffic at once.")
    stable = counters.get(state.stable.slot, Counters())
    # What was watched of another version is nothing to hold this one against.
    watched = state.watched if state.watched.bundle == state.stable.release.bundle else Watched()
    begun = replace(state, compared=side_by_side.begun(watched, stable, state.compared.outputs.expected, beside))
    why = "The candidate is ready."
    if state.strategies[0] != Strategy.SHADOW:
        return bake(begun, 0, counters, now, steps, why)
    counted = counters.get(state.canary.slot, Counters()) if state.canary else Counters()
    begun = replace(begun, baseline=counted, seen=counted)
    return enter(begun, Phase.SHADOWING, 0, now, f"{why} It gets copies of {state.shadow.share} % of the requests.")


def decide(
    state: State,
    counters: Mapping[Slot, Counters],
    weights: Mapping[Slot, int],
    now: float,
    steps: Knobs,
    limits: evidence.Knobs,
    beside: comparison.Knobs,
) -> tuple[State, tuple[Check, ...]]:
    """Judge a baking canary by what the router counted and does, and return the next state and the checks made.

    `limits` are the ceilings that it must keep to by itself, `beside` says how it is compared with the stable version.

    With the same inputs again, nothing changes. Any other phase is returned as it is.
    """
    canary = state.canary
    if state.phase != Phase.BAKING or canary is None:
        return state, ()
    state = look(state, counters, weights, now, beside)
    checks = (
        *evidence.judge(state.seen.since(state.baseline), limits),
        *_beside_stable(state, beside),
        rescoring.judge(state.rescored),
    )
    state = replace(state, checks=checks)
    against = [check for check in checks if not check.advisory and check.decision != Decision.PROMOTE]
    uneven = next((check for check in against if check.name == split.NAME), None)
    broken = next((check for check in against if check.decision != Decision.HOLD and check != uneven), None)
    elapsed = now - state.step_started
    if broken is not None:
        return enter(state, Phase.ROLLED_BACK, 0, now, broken.why), checks
    if uneven is not None:
        return enter(state, Phase.HELD, 0, now, uneven.why), checks
    if state.settled and not weights.get(canary.slot):
        why = f"The router sends the canary nothing, and {state.weight} % was set: somebody took its traffic away."
        return enter(state, Phase.ROLLED_BACK, 0, now, why), checks
    if state.paused:
        return replace(state, settled=state.settled and weights == routing.of(state).weights), checks
    if not against and elapsed >= steps.bake_seconds:
        return advance(state, counters, now, steps), checks
    if elapsed >= steps.step_budget_seconds:
        missing = " ".join(check.why for check in against)
        why = f"{state.weight} % was not settled within {steps.step_budget_seconds:g} s. {missing}".rstrip()
        return enter(state, Phase.HELD, 0, now, why), checks
    return replace(state, settled=state.settled and weights == routing.of(state).weights), checks


def look(
    state: State,
    counters: Mapping[Slot, Counters],
    weights: Mapping[Slot, int],
    now: float,
    beside: comparison.Knobs,
) -> State:
    """Return the state after a look at the counters; when one of the canary's went down, its step is judged anew.

    A clock that was set back begins the step's time again, or the step would outlive its budget.
    """
    counted = counters.get(state.canary.slot, Counters()) if state.canary else Counters()
    stable = counters.get(state.stable.slot) if state.stable else None
    baseline = counted if counted.restarted(state.seen) else state.baseline
    share = state.weight / ALL if state.settled and weights == routing.of(state).weights else None
    # At 100 % stable has no traffic to compare with, and what was found stands.
    compared = state.compared
    if state.weight < ALL:
        compared = side_by_side.looked(compared, state.seen, counted, stable, share, now, beside)
    began = min(state.step_started, now)
    return replace(state, seen=counted, baseline=baseline, step_started=began, looked_at=now, compared=compared)


def _beside_stable(state: State, knobs: comparison.Knobs) -> tuple[Check, ...]:
    """Return the checks that need a stable version with traffic: at 100 % only ceilings watch, and these are told."""
    if state.weight < ALL:
        return side_by_side.judged(state.compared, knobs)
    found = side_by_side.judged(state.compared, knobs) if state.compared.evidence else ()
    return tuple(replace(check, advisory=True) for check in found)


def rest(state: State, counters: Mapping[Slot, Counters], now: float, beside: comparison.Knobs) -> State:
    """Return the state after a look at stable while it serves alone: how bursty it is then, a canary is held against.

    Any rollout that is not over is returned as it is.
    """
    if not state.over or state.stable is None:
        return state
    counted = counters.get(state.stable.slot, Counters())
    seen = watched(state.watched, state.stable.release.bundle, counted, now, beside.window_seconds)
    return replace(state, watched=seen)


def advance(state: State, counters: Mapping[Slot, Counters], now: float, steps: Knobs) -> State:
    """Return the state after a step was passed: the next step, or all traffic."""
    n = state.seen.since(state.baseline).requests
    why = f"No ceiling is broken after {n} requests at {state.weight} %."
    if state.step + 1 < len(climb(state, steps)):
        return bake(state, state.step + 1, counters, now, steps, why)
    return enter(state, Phase.PROMOTED, 100, now, why)


def bake(state: State, step: int, counters: Mapping[Slot, Counters], now: float, steps: Knobs, why: str) -> State:
    """Return the state at the beginning of a step."""
    counted = counters.get(state.canary.slot, Counters()) if state.canary else Counters()
    state = replace(state, step=step, baseline=counted, seen=counted)
    return enter(state, Phase.BAKING, climb(state, steps)[step], now, why)


def climb(state: State, steps: Knobs) -> tuple[int, ...]:
    """Return the weights through which a candidate goes, in percent: blue-green is a switch."""
    return (ALL,) if state.strategies[0] == Strategy.BLUE_GREEN else steps.steps


def unwatched(state: State, now: float, limit: float) -> State:
    """Return the state where nobody looked at the canary for so many seconds: it loses its traffic before all else."""
    silent = now - state.looked_at
    if state.phase != Phase.BAKING or not state.looked_at or silent <= limit:
        return state
    why = f"Nobody watched the canary for {silent:.0f} s, and {limit:g} s are allowed."
    return enter(state, Phase.ROLLED_BACK, 0, now, why)


def abandon(state: State, why: str, now: float) -> State:
    """Return the state after something else than evidence ended the rollout; a final state stays as it is."""
    return state if state.phase in FINAL else enter(state, Phase.ROLLED_BACK, 0, now, why)
