"""Who gets the users' requests, as a rollout wants it and as a router does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatehouse.canary.counters import SLOTS, Slot
from gatehouse.canary.state import ALL, Phase, State


@dataclass(frozen=True)
class Routing:
    """Who gets what, by slot: `weights` in percent of the requests, copies of `mirrored` percent, testers one slot.

    Of the answers to copies no user sees anything. Where no slot is `tested`, testers are like any other client.
    """

    weights: Mapping[Slot, int]
    mirrored: Mapping[Slot, int] = field(default_factory=dict)
    tested: Slot | None = None


def of(state: State) -> Routing:
    """Return what the router shall do; testers reach the candidate from when it is ready until it lost."""
    weights: dict[Slot, int] = dict.fromkeys(SLOTS, 0)
    if state.stable is not None:
        weights[state.stable.slot] = ALL - (state.weight if state.canary else 0)
    if state.canary is not None:
        weights[state.canary.slot] = state.weight
    shadowing = state.canary is not None and state.phase == Phase.SHADOWING
    mirrored = {state.canary.slot: state.shadow.share} if state.canary is not None and shadowing else {}
    tried = state.canary if state.phase in (Phase.SHADOWING, Phase.BAKING, Phase.PROMOTED) else None
    served = tried or state.stable
    return Routing(weights, mirrored, served.slot if served else None)
