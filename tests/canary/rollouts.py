"""A rollout played without a world: the router's counters are made up, and every action succeeds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gatehouse.canary import actions, comparison, evidence, machine, routing
from gatehouse.canary.counters import CLASS, Counters, Slot
from gatehouse.canary.state import Phase, Placed, State, settle
from gatehouse.release import Release

OLD = Release("1.0.0", "a" * 64, "/bundles/a")
NEW = Release("1.1.0", "b" * 64, "/bundles/b")
SERVING = State(Phase.PROMOTED, stable=Placed("blue", OLD), settled=True)
STEPS = machine.Knobs(bake_seconds=10.0, step_budget_seconds=60.0)
LIMITS = evidence.Knobs()
# What is counted of servers that were just started.
NOTHING = Counters(predictions={CLASS: {}})
# As if stable had been watched long enough, and its errors came one by one.
BESIDE = comparison.Knobs(bursts=1.0)


@dataclass(frozen=True)
class Seconds:
    """What happens until the next look: seconds, the canary's requests and errors, and whether the router restarts."""

    seconds: float
    requests: int
    errors: int = 0
    restart: bool = False


def counted(before: Counters, event: Seconds) -> Counters:
    """Return a slot's counters after an event; every answer takes less than 100 ms, and half of them are yes."""
    base = NOTHING if event.restart else before
    requests = base.requests + event.requests
    errors = base.errors + min(event.errors, event.requests)
    predicted = {CLASS: {"no": requests - requests // 2, "yes": requests // 2}}
    return Counters(requests, errors, 0, {100.0: requests, 200.0: requests}, 0, predicted)


def baking(now: float = 0.0) -> State:
    """Return a rollout at its first step, settled."""
    state = settle(machine.begin(SERVING, NEW, now))
    return settle(machine.started(state, {"blue": NOTHING, "green": NOTHING}, now, STEPS, BESIDE))


def play(state: State, events: Iterable[Seconds]) -> list[State]:
    """Return the states that a rollout goes through, settled ones and those before; stable fails now and then."""
    now, counters, stable = state.step_started, NOTHING, NOTHING
    states = [state]
    for event in events:
        now, counters = now + event.seconds, counted(counters, event)
        stable = counted(stable, beside(state, event))
        state = tick(state, {"green": counters, "blue": stable}, now)
        states += [state, settle(state)]
        state = settle(state)
    return states


def beside(state: State, event: Seconds) -> Seconds:
    """Return what happens to stable meanwhile: what the router leaves to it, and five errors in a thousand."""
    requests = round(event.requests * (100 - state.weight) / state.weight) if state.weight else 1000
    return replace(event, requests=requests, errors=round(requests * 0.005))


def tick(state: State, counters: Mapping[Slot, Counters], now: float) -> State:
    """Return the state that one tick leads to when the router does what it was told."""
    return machine.decide(state, counters, routing.of(state).weights, now, STEPS, LIMITS, BESIDE)[0]


def weights(states: Iterable[State]) -> list[int]:
    """Return the canary's weight in each state that has one; 0 after it was taken away."""
    return [0 if state.phase in (Phase.ROLLED_BACK, Phase.HELD) else state.weight for state in states]


def kinds(state: State) -> list[str]:
    """Return the names of the actions that a state needs."""
    return [type(action).__name__ for action in actions.needed(state)]
