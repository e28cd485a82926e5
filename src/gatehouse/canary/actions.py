"""What a rollout does to the world, as data. Doing an action twice is as good as doing it once."""

from dataclasses import dataclass

from gatehouse.canary import routing
from gatehouse.canary.counters import Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase, Placed, State
from gatehouse.release import Release


@dataclass(frozen=True)
class Start:
    """Start a release in a slot, and wait until it is ready."""

    slot: Slot
    release: Release


@dataclass(frozen=True)
class Weigh:
    """Have the router share the requests so."""

    routing: Routing


@dataclass(frozen=True)
class Promote:
    """Tell the registry who is champion."""

    release: Release


@dataclass(frozen=True)
class Stop:
    """Drain a slot and stop it."""

    slot: Slot


Action = Start | Weigh | Promote | Stop
# The phases in which a candidate runs beside the stable version.
TRIED = (Phase.SHADOWING, Phase.BAKING)


def needed(state: State) -> tuple[Action, ...]:
    """Return what makes the world as an unsettled state says: traffic first, the registry next, stops last."""
    if state.settled or state.canary is None:
        return ()
    if state.phase == Phase.STARTING:
        return (Start(state.canary.slot, state.canary.release),)
    weigh = Weigh(routing.of(state))
    if state.phase in TRIED:
        return (weigh,)
    if state.phase == Phase.PROMOTED:
        # What it replaced goes on without traffic: a rollback then takes no time.
        return (weigh, Promote(state.canary.release))
    if state.returning and state.stable is not None:
        return (weigh, Promote(state.stable.release), Stop(state.canary.slot))
    return (weigh, Stop(state.canary.slot))


def serving(state: State) -> tuple[Placed, ...]:
    """Return what should be running, whether or not it gets traffic now: after a power cut it is started again."""
    canary = state.canary if state.phase in (*TRIED, Phase.PROMOTED) else None
    return tuple(placed for placed in (state.stable, canary, state.previous) if placed is not None)
