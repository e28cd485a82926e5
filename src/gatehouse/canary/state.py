"""What a rollout must remember between two ticks, and nothing else."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter, ValidationError

from gatehouse.canary.counters import SLOTS, Counters, Slot
from gatehouse.canary.lease import Lease
from gatehouse.canary.rescoring import Rescored
from gatehouse.canary.shadow import Shadowed
from gatehouse.canary.side_by_side import Compared
from gatehouse.canary.strategy import DEFAULT, Chain
from gatehouse.canary.watch import Watched
from gatehouse.errors import EvidenceError
from gatehouse.release import Release
from gatehouse.verdicts import Check


class Phase(StrEnum):
    """Where a rollout is; the last three are final."""

    STARTING = "starting"
    SHADOWING = "shadowing"
    BAKING = "baking"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    HELD = "held"


# Versions that served before and can take over again: one is too few where two in a row are bad.
KEEP = 3
# Percent of the traffic.
ALL = 100
FINAL = (Phase.PROMOTED, Phase.ROLLED_BACK, Phase.HELD)


@dataclass(frozen=True)
class Placed:
    """A release and the slot that it stands in."""

    slot: Slot
    release: Release


@dataclass(frozen=True)
class Transition:
    """One line of the rollout's story: when (seconds since the epoch), to which phase and weight, and why.

    `evidence` is what each check said at the last look before, and `release` what was tried, or rolled back.
    """

    at: float
    phase: Phase
    weight: int
    why: str
    evidence: tuple[str, ...] = ()
    release: Release | None = None


@dataclass(frozen=True)
class State:
    """All that a rollout must remember.

    `strategies` are the one at work and those after it. `weight` is the canary's share in percent. `baseline` is what
    the canary had been counted when its step began, `seen` at the last look. `compared` is what was found of it beside
    the stable version since it got traffic, `rescored` of its logged answers, and `watched` of stable alone. While
    stable is `returning`, the canary is what served until now, and the registry's champion. `previous` is the version
    that served before: it runs on without traffic until its slot is needed. `former` are those that served before
    stable, newest first. A `paused` rollout stays at its weight until a person lets it go on. The `lease` says who may
    act, and `looked_at` when the canary was last watched, with the `checks` that were made then. A state is `settled`
    when the world was seen to be as it says. Of its `history`, so many lines were `told` to the ledger.
    """

    phase: Phase
    canary: Placed | None = None
    stable: Placed | None = None
    previous: Placed | None = None
    former: tuple[Release, ...] = ()
    step: int = 0
    weight: int = 0
    step_started: float = 0.0
    baseline: Counters = field(default_factory=Counters)
    seen: Counters = field(default_factory=Counters)
    compared: Compared = field(default_factory=Compared)
    strategies: Chain = DEFAULT
    shadow: Shadowed = field(default_factory=Shadowed)
    rescored: Rescored = field(default_factory=Rescored)
    watched: Watched = field(default_factory=Watched)
    paused: bool = False
    returning: bool = False
    lease: Lease = field(default_factory=Lease)
    looked_at: float = 0.0
    checks: tuple[Check, ...] = ()
    settled: bool = False
    history: tuple[Transition, ...] = ()
    told: int = 0

    @property
    def over(self) -> bool:
        """Tell whether the rollout has ended and everything that follows from it is done."""
        return self.settled and self.phase in FINAL


def enter(state: State, phase: Phase, weight: int, now: float, why: str) -> State:
    """Return the state with a new phase or weight, and a line in its story."""
    evidence = tuple(f"{check.name}: {check.why}" for check in state.checks)
    release = state.canary.release if state.canary else None
    history = (*state.history, Transition(now, phase, weight, why, evidence, release))
    return replace(state, phase=phase, weight=weight, step_started=now, looked_at=now, settled=False, history=history)


def settle(state: State, keep: int = KEEP) -> State:
    """Return the state after its actions were done; at the end one version has the traffic, and it is the stable one.

    The one that it replaced stays where it is, and is the first of the `keep` that are remembered.
    """
    if state.phase not in FINAL or state.canary is None:
        return replace(state, settled=True)
    ended = replace(state, settled=True, canary=None, paused=False, returning=False)
    if state.phase != Phase.PROMOTED:
        # What was rolled back serves again by a new rollout only.
        bad = state.canary.release if state.phase == Phase.ROLLED_BACK else None
        return replace(ended, former=tuple(release for release in state.former if release != bad))
    served = ((state.stable.release,) if state.stable else ()) + state.former
    former = tuple(release for release in served if release != state.canary.release)[:keep]
    return replace(ended, stable=state.canary, previous=state.stable, former=former)


def free(stable: Placed | None) -> Slot:
    """Return the slot in which the stable version does not stand."""
    return SLOTS[1] if stable is not None and stable.slot == SLOTS[0] else SLOTS[0]


@cache
def adapter() -> TypeAdapter[State]:
    """Return what writes and reads states; making it takes longer than using it."""
    return TypeAdapter(State)


def to_json(state: State) -> str:
    """Return the state as JSON."""
    return adapter().dump_json(state, indent=2).decode()


def from_json(text: str) -> State:
    """Read a state back. Raises EvidenceError when the text is none."""
    try:
        return adapter().validate_json(text)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise EvidenceError(
            f"The rollout's state cannot be read: {problems}. Stop the target and begin again."
        ) from error
