"""A look at a target: how its rollout stands, and what its router and its servers say, judged by the phase's rules."""

from collections.abc import Callable
from dataclasses import replace

from gatehouse.canary import machine, shadowing
from gatehouse.canary import state as states
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
    counters, routing = target.counters(), target.routing()
    rules = (config.steps, config.canary, config.comparison)
    if state.phase != Phase.SHADOWING or state.canary is None or state.stable is None:
        state = replace(state, compared=replace(state.compared, sticky=config.rollout.sticky))
        return machine.decide(state, counters, routing.weights, now(), *rules)[0]
    # The shadow's first: whatever it has answered by now, stable answered before.
    answers = {slot: target.answers(slot) for slot in (state.canary.slot, state.stable.slot)}
    look = Look(counters, routing, answers)
    return shadowing.decide(state, look, now(), *rules, config.shadow)[0]
