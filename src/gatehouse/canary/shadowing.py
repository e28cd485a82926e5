"""The rules while a shadow gets copies of requests, pure: (state, what was seen, now) -> (state, checks)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatehouse.canary import comparison, evidence, machine, rescoring, routing, shadow, side_by_side
from gatehouse.canary.counters import Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.canary.state import Phase, State, enter
from gatehouse.verdicts import Check, Decision

SHADOW = "shadow"


@dataclass(frozen=True)
class Look:
    """What a router has counted and does, and which answers the servers in each slot remember."""

    counters: Mapping[Slot, Counters] = field(default_factory=dict)
    routing: Routing = field(default_factory=lambda: Routing({}))
    answers: Mapping[Slot, Sequence[Recalled]] = field(default_factory=dict)


def decide(
    state: State,
    look: Look,
    now: float,
    steps: machine.Knobs,
    limits: evidence.Knobs,
    beside: comparison.Knobs,
    knobs: shadow.Knobs,
) -> tuple[State, tuple[Check, ...]]:
    """Judge a shadow, and return the next state and the checks made. All that it is counted for are copies.

    What is found of its errors and late answers beside stable's goes on with the canary, so that one alpha is spent.
    That it is worse ends it; that it is not is for the canary to prove.

    With the same inputs again, nothing changes. Any other phase is returned as it is.
    """
    if state.phase != Phase.SHADOWING or state.canary is None or state.stable is None:
        return state, ()
    state = looked(state, look, now, beside, knobs)
    metrics = side_by_side.metrics(state.compared, beside)
    checks = (
        *evidence.judge(state.seen.since(state.baseline), limits, SHADOW),
        *(replace(check, advisory=check.decision == Decision.HOLD) for check in metrics),
        rescoring.judge(state.rescored, SHADOW),
        shadow.judge(state.shadow, knobs),
    )
    state = replace(state, checks=checks)
    against = [check for check in checks if not check.advisory and check.decision != Decision.PROMOTE]
    broken = next((check for check in against if check.decision != Decision.HOLD), None)
    forgetful = [placed for placed in (state.canary, state.stable) if placed and not _remember(look, placed.slot)]
    elapsed = now - state.step_started
    if broken is not None:
        return enter(state, Phase.ROLLED_BACK, 0, now, broken.why), checks
    if forgetful:
        return enter(state, Phase.HELD, 0, now, _forgotten(forgetful[0].release.version)), checks
    if state.paused or elapsed < steps.bake_seconds or (against and elapsed < steps.step_budget_seconds):
        return replace(state, settled=state.settled and look.routing == routing.of(state)), checks
    if against:
        missing = " ".join(check.why for check in against)
        why = f"The shadow was not settled within {steps.step_budget_seconds:g} s. {missing}"
        return enter(state, Phase.HELD, 0, now, why), checks
    return passed(state, look.counters, now, steps, checks[-1].why), checks


def looked(state: State, look: Look, now: float, beside: comparison.Knobs, knobs: shadow.Knobs) -> State:
    """Return the state after a look at the counts and the answers of both."""
    canary, stable = (placed.slot if placed else "blue" for placed in (state.canary, state.stable))
    counted = look.counters.get(canary, Counters())
    ours, theirs = (look.answers.get(slot, ()) for slot in (canary, stable))
    return replace(
        state,
        seen=counted,
        baseline=counted if counted.restarted(state.seen) else state.baseline,
        step_started=min(state.step_started, now),
        looked_at=now,
        compared=side_by_side.looked(state.compared, state.seen, counted, look.counters.get(stable), None, now, beside),
        shadow=shadow.joined(state.shadow, ours, theirs, knobs),
    )


def passed(state: State, counters: Mapping[Slot, Counters], now: float, steps: machine.Knobs, why: str) -> State:
    """Return the state after a shadow that is good: the next strategy, or the end where none follows."""
    left = state.strategies[1:]
    if left:
        return machine.bake(replace(state, strategies=left), 0, counters, now, steps, why)
    end = "The shadow passed, and served nobody: [rollout] strategy names nothing after it."
    return enter(state, Phase.HELD, 0, now, f"{end} {why}")


def _remember(look: Look, slot: Slot) -> bool:
    """Tell whether a slot's servers remember their answers, as far as they could be asked."""
    return all(server.size for server in look.answers.get(slot, ()))


def _forgotten(version: str) -> str:
    return (
        f"The servers of version {version} keep no answers to compare: they were started with [shadow] kept = 0. "
        "Set it to 2000, say, and let the next version prove itself by another strategy; a shadow may come after it."
    )
