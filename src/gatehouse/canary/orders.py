"""What a person may tell a rollout at any time, pure: (state, order, now) -> state.

An order is a line in the rollout's story like any other, with who gave it. None of them can make a rolled back version
serve, or take a version from users without another that serves them.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from gatehouse.canary.state import FINAL, Phase, State, enter
from gatehouse.errors import EvidenceError


class Do(StrEnum):
    """The orders."""

    PROMOTE = "promote"
    HOLD = "hold"
    RESUME = "resume"
    ABORT = "abort"


@dataclass(frozen=True)
class Order:
    """What is to be done, who says so, and why."""

    do: Do
    by: str
    why: str


def obey(state: State, order: Order, now: float) -> State:
    """Return the state after an order. Raises EvidenceError, saying what would be possible, when it makes no sense.

    promote: all traffic now, whatever is still unproven. hold: stay at this weight, without a time limit, while what
    is worse goes back as ever. resume: go on after a hold, and the step's time begins anew. abort: roll back.
    """
    if state.phase in FINAL or state.canary is None:
        raise EvidenceError(f"There is nothing to {order.do}: the rollout is over ({state.phase}).")
    why = f"{order.by} says {order.do}: {order.why}"
    match order.do:
        case Do.ABORT:
            return enter(state, Phase.ROLLED_BACK, 0, now, why)
        case Do.PROMOTE:
            if state.phase == Phase.STARTING:
                raise EvidenceError(f"The candidate is {state.phase}, and cannot be promoted before it is ready.")
            return enter(state, Phase.PROMOTED, 100, now, why)
        case Do.HOLD:
            return _paused(state, now, why, paused=True)
        case Do.RESUME:
            return _paused(state, now, why, paused=False)


def _paused(state: State, now: float, why: str, *, paused: bool) -> State:
    if state.paused == paused:
        raise EvidenceError("The rollout waits already." if paused else "The rollout does not wait.")
    return replace(enter(state, state.phase, state.weight, now, why), paused=paused, settled=state.settled)
