"""The rules while a shadow gets copies of requests, pure: (state, what was seen, now) -> (state, checks)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatehouse.canary import evidence, machine, shadow
from gatehouse.canary.counters import Counters, Slot
from gatehouse.canary.shadow import Recalled
from gatehouse.canary.state import Phase, State, copies, enter, shares
from gatehouse.verdicts import Check, Decision

SHADOW = "shadow"


@dataclass(frozen=True)
class Look:
    """What a router has counted and does, and which answers the servers in each slot remember."""

    counters: Mapping[Slot, Counters] = field(default_factory=dict)
    weights: Mapping[Slot, int] = field(default_factory=dict)
    mirrored: Mapping[Slot, int] = field(default_factory=dict)
    answers: Mapping[Slot, Sequence[Recalled]] = field(default_factory=dict)


def decide(
    state: State, look: Look, now: float, steps: machine.Knobs, limits: evidence.Knobs, knobs: shadow.Knobs
) -> tuple[State, tuple[Check, ...]]:
    """Judge a shadow, and return the next state and the checks made. All that it is counted for are copies.

    With the same inputs again, nothing changes. Any other phase is returned as it is.
    """
    canary, stable = state.canary, state.stable
    if state.phase != Phase.SHADOWING or canary is None or stable is None:
        return state, ()
    counted = look.counters.get(canary.slot, Counters())
    ours, theirs = (look.answers.get(slot, ()) for slot in (canary.slot, stable.slot))
    state = replace(
        state,
        seen=counted,
        baseline=counted if counted.restarted(state.seen) else state.baseline,
        step_started=min(state.step_started, now),
        looked_at=now,
        shadow=shadow.joined(state.shadow, ours, theirs, knobs),
    )
    since = state.seen.since(state.baseline)
    checks = (*evidence.judge(since, limits, SHADOW), shadow.judge(state.shadow, knobs))
    against = [check for check in checks if not check.advisory and check.decision != Decision.PROMOTE]
    broken = next((check for check in against if check.decision != Decision.HOLD), None)
    forgetful = [version.release.version for version, told in ((canary, ours), (stable, theirs)) if not _remember(told)]
    elapsed = now - state.step_started
    if broken is not None:
        return enter(state, Phase.ROLLED_BACK, 0, now, broken.why), checks
    if forgetful:
        return enter(state, Phase.HELD, 0, now, _forgotten(forgetful[0])), checks
    if state.paused or elapsed < steps.bake_seconds or (against and elapsed < steps.step_budget_seconds):
        as_told = look.weights == shares(state) and look.mirrored == copies(state)
        return replace(state, settled=state.settled and as_told), checks
    if against:
        missing = " ".join(check.why for check in against)
        why = f"The shadow was not settled within {steps.step_budget_seconds:g} s. {missing}"
        return enter(state, Phase.HELD, 0, now, why), checks
    return passed(state, look.counters, now, steps, checks[-1].why), checks


def passed(state: State, counters: Mapping[Slot, Counters], now: float, steps: machine.Knobs, why: str) -> State:
    """Return the state after a shadow that is good: the next strategy, or the end where none follows."""
    left = state.strategies[1:]
    if left:
        return machine.serve(replace(state, strategies=left), counters, now, steps, why)
    end = "The shadow passed, and served nobody: [rollout] strategy names nothing after it."
    return enter(state, Phase.HELD, 0, now, f"{end} {why}")


def _remember(servers: Sequence[Recalled]) -> bool:
    """Tell whether a version remembers its answers, as far as its servers could be asked."""
    return all(server.size for server in servers)


def _forgotten(version: str) -> str:
    return (
        f"The servers of version {version} keep no answers to compare: they were started before 'shadow' stood in "
        "[rollout] strategy. Roll out once with another strategy, or start them anew."
    )
