"""A look at a target: how its rollout stands, and what its router and its servers say, judged by the phase's rules."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from gatehouse.canary import machine, shadowing
from gatehouse.canary import state as states
from gatehouse.canary.counters import Slot
from gatehouse.canary.shadowing import Look
from gatehouse.canary.state import Phase, State
from gatehouse.config import Config
from gatehouse.targets import Target


def found(target: Target) -> State | None:
    """Return the rollout's state as it stands beside the traffic, or None when nothing was rolled out yet."""
    saved = target.load()
    return states.from_json(saved) if saved is not None else None


def judged(state: State, target: Target, now: Callable[[], float], config: Config) -> State:
    """Return the next state, with the checks made. Raises TargetError when the router does not answer."""
    counters, weights = target.counters(), target.weights()
    rules = (config.steps, config.canary, config.comparison)
    if state.phase != Phase.SHADOWING or state.canary is None or state.stable is None:
        state = replace(state, compared=replace(state.compared, sticky=config.rollout.sticky))
        return machine.decide(state, counters, weights, now(), *rules)[0]
    # The shadow's first: whatever it has answered by now, stable answered before.
    answers = {slot: target.answers(slot) for slot in (state.canary.slot, state.stable.slot)}
    look = Look(counters, weights, target.mirrored(), answers)
    return shadowing.decide(state, look, now(), *rules, config.shadow)[0]


def as_told(target: Target, weights: Mapping[Slot, int], mirrored: Mapping[Slot, int], tested: Slot | None) -> bool:
    """Tell whether the router shares the traffic so, sends these copies, and testers there.

    Raises TargetError when it is silent.
    """
    return target.weights() == weights and target.mirrored() == mirrored and target.tested() == tested
