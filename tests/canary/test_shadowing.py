"""A shadow from its first copy to what follows it."""

from dataclasses import replace

import pytest
from canary import rollouts
from canary.rollouts import BESIDE, LIMITS, NEW, SERVING, STEPS
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.canary import actions, machine, orders, routing, shadowing
from gatehouse.canary.counters import CLASS, Counters, Slot
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Knobs, Recalled, Told
from gatehouse.canary.shadowing import Look
from gatehouse.canary.state import Phase, Placed, State, from_json, settle, to_json
from gatehouse.canary.strategy import Chain, Strategy
from gatehouse.errors import EvidenceError

SHADOW, CANARY, BLUE_GREEN = Strategy.SHADOW, Strategy.CANARY, Strategy.BLUE_GREEN
CHAINS: list[Chain] = [(CANARY,), (BLUE_GREEN,), (SHADOW,), (SHADOW, CANARY), (SHADOW, BLUE_GREEN)]
KNOBS = Knobs(minimum_pairs=50)
# Requests that stable answered before the rollout: its latency is known.
BEFORE = 200


def started(chain: Chain, now: float = 0.0) -> State:
    """Return a rollout by these strategies whose candidate has just become ready, settled."""
    state = settle(machine.begin(SERVING, NEW, now, strategies=chain, share=20))
    return settle(machine.started(state, {"green": Counters(), "blue": counted(BEFORE)}, now, STEPS, BESIDE))


def counted(n: int, errors: int = 0, late: int = 0) -> Counters:
    """Return a slot's counters."""
    return Counters(n, errors, 0, {200.0: n - late, 1000.0: n}, 0, {CLASS: {"no": n}})


def answers(n: int, contrary: bool = False) -> dict[Slot, tuple[Recalled, ...]]:
    """Return what both remember after n copies; a contrary shadow says yes where stable says no."""
    word, last = "yes" if contrary else "no", range(max(1, n - 400), n + 1)
    return {
        "green": (Recalled("g", 2000, tuple(Told(k, str(k), word) for k in last)),),
        "blue": (Recalled("b", 2000, tuple(Told(k, str(k), "no") for k in last)),),
    }


def seen(
    state: State, n: int, errors: int = 0, late: int = 0, contrary: bool = False, stable: int | None = None
) -> Look:
    """Return a look at a router that does as it was told, after n requests to the candidate."""
    blue = BEFORE + (5 * n if stable is None else stable)
    counters: dict[Slot, Counters] = {"green": counted(n, errors, late), "blue": counted(blue)}
    return Look(counters, routing.of(state), answers(n, contrary))


def decide(state: State, look: Look, now: float = 10.0) -> State:
    """Return the state after a look."""
    return shadowing.decide(state, look, now, STEPS, LIMITS, BESIDE, KNOBS)[0]


def test_shadow_serves_nobody():
    """A shadow has no traffic, and gets copies of its share."""
    state = started((SHADOW, CANARY))
    assert (state.phase, routing.of(state).weights, routing.of(state).mirrored) == (
        Phase.SHADOWING, {"blue": 100, "green": 0}, {"green": 20}
    )  # fmt: skip
    assert state.history[-1].why == "The candidate is ready. It gets copies of 20 % of the requests."
    unsettled = replace(state, settled=False)
    assert actions.needed(unsettled) == (actions.Weigh(Routing({"blue": 100, "green": 0}, {"green": 20}, "green")),)
    assert Placed("green", NEW) in actions.serving(state)


def test_good_shadow_becomes_canary():
    """After its bake the next strategy begins, judged from there on, and the copies end."""
    state = decide(started((SHADOW, CANARY)), seen(started((SHADOW, CANARY)), 300))
    assert (state.phase, state.weight, state.strategies) == (Phase.BAKING, 5, (CANARY,))
    assert "0 of 300 requests otherwise" in state.history[-1].why
    assert (routing.of(state).mirrored, state.baseline.requests, state.compared.stable.requests) == (
        {},
        300,
        BEFORE + 1500,
    )


def test_last_shadow_is_held():
    """Where nothing follows, a good shadow is held: it passed, and nobody was served."""
    state = decide(started((SHADOW,)), seen(started((SHADOW,)), 300))
    assert (state.phase, state.weight) == (Phase.HELD, 0)
    assert state.history[-1].why.startswith("The shadow passed, and served nobody: [rollout] strategy names nothing")
    assert rollouts.kinds(state) == ["Weigh", "Stop"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"contrary": True}, "The shadow answered 300 of 300 requests otherwise than stable"),
        ({"errors": 60}, "60 errors in 300 requests"),
        ({"errors": 12}, "The canary has more errors than stable: "),
        ({"late": 60}, "60 answers slower than 200 ms in 300 requests"),
        ({"errors": 300}, "The shadow was sent 300 requests and answered none."),
    ],
)
def test_planted_faults_go_back(fault, reason):
    """A shadow that disagrees, fails, is slow, or does not answer at all is rolled back, and the reason says why."""
    state = started((SHADOW, CANARY))
    state = decide(state, seen(state, 300, **fault), 1.0)
    assert (state.phase, state.weight, routing.of(state).mirrored) == (Phase.ROLLED_BACK, 0, {})
    assert state.history[-1].why.startswith(reason)


def test_shadow_bakes():
    """Pairs enough do not shorten the bake, and too few do not outlast the budget."""
    state = started((SHADOW, CANARY))
    assert decide(state, seen(state, 300), 9.9).phase == Phase.SHADOWING
    assert decide(state, seen(state, 20), 59.9).phase == Phase.SHADOWING
    ended = decide(state, seen(state, 20), 60.0)
    assert ended.phase == Phase.HELD
    assert ended.history[-1].why.startswith("The shadow was not settled within 60 s. The shadow answered 20 of 20")


@pytest.mark.parametrize("slot", ["blue", "green"])
def test_servers_without_memory_hold(slot):
    """Servers that keep no answers will keep none in an hour either: it ends at once, and says what to do."""
    state = started((SHADOW, CANARY))
    look = seen(state, 30)
    ended = decide(state, replace(look, answers={**look.answers, slot: (Recalled("x", 0),)}), 1.0)
    assert ended.phase == Phase.HELD
    version = {"blue": "1.0.0", "green": "1.1.0"}[slot]
    assert f"The servers of version {version} keep no answers to compare" in ended.history[-1].why


def test_silent_servers_wait():
    """Servers that cannot be asked now may answer at the next look."""
    state = started((SHADOW, CANARY))
    assert decide(state, replace(seen(state, 300), answers={}), 10.0).phase == Phase.SHADOWING


def test_lost_copies_are_mended():
    """A router that sends no copies, or moved weights, makes the state unsettled, so that both are set again."""
    state = started((SHADOW, CANARY))
    assert decide(state, seen(state, 5), 1.0).settled
    told = routing.of(state)
    for other in (replace(told, mirrored={}), replace(told, weights={"blue": 70, "green": 30})):
        spoilt = replace(seen(state, 5), routing=other)
        assert rollouts.kinds(decide(state, spoilt, 1.0)) == ["Weigh"]


def test_orders_reach_a_shadow():
    """A person may hold a shadow, let it go on, end it, or give it all traffic; a candidate that starts may not."""
    state = started((SHADOW, CANARY))
    held = orders.obey(state, Order(Do.HOLD, "ann", "wait"), 1.0)
    assert decide(held, seen(held, 300), 10.0).phase == Phase.SHADOWING
    assert orders.obey(held, Order(Do.RESUME, "ann", "go"), 2.0).phase == Phase.SHADOWING
    assert orders.obey(state, Order(Do.ABORT, "ann", "no"), 2.0).phase == Phase.ROLLED_BACK
    assert orders.obey(state, Order(Do.PROMOTE, "ann", "yes"), 2.0).phase == Phase.PROMOTED
    with pytest.raises(EvidenceError, match="before it is ready"):
        orders.obey(machine.begin(SERVING, NEW, 0.0), Order(Do.PROMOTE, "ann", "yes"), 1.0)


def test_blue_green_switches_at_once():
    """Green gets all traffic in one step, blue stays, and a broken ceiling switches back."""
    state = started((BLUE_GREEN,))
    assert (state.phase, routing.of(state).weights) == (Phase.BAKING, {"blue": 0, "green": 100})
    assert {placed.slot for placed in actions.serving(state)} == {"blue", "green"}
    for errors, phase in ((5, Phase.PROMOTED), (60, Phase.ROLLED_BACK)):
        look = {"green": Counters(300, errors, 0, {200.0: 300, 1000.0: 300})}
        assert rollouts.tick(state, look, 10.0).phase == phase


EVENT = st.tuples(
    st.floats(0, 70), st.integers(0, 400), st.sampled_from([0.0, 0.0, 0.02, 0.5]), st.sampled_from([False, False, True])
)


def play(chain: Chain, events: list[tuple[float, int, float, bool]]) -> list[State]:
    """Return the states that a rollout by these strategies goes through; every event is seconds and what came."""
    state, now, total, bad, stable = started(chain, 1000.0), 1000.0, 0, 0, 0
    states = [state]
    for seconds, n, share, contrary in events:
        now, total, bad = now + seconds, total + n, bad + round(n * share)
        stable += round(n * (100 - state.weight) / state.weight) if state.weight else 5 * n
        state = both(state, seen(state, total, bad, contrary=contrary, stable=stable), now)
        states += [state, settle(state)]
        state = settle(state)
    return states


def both(state: State, look: Look, now: float) -> State:
    """Return the state after a look, by the rules of its phase."""
    return rollouts.tick(decide(state, look, now), look.counters, now)


@pytest.mark.parametrize("chain", CHAINS)
@settings(max_examples=30)
@given(events=st.lists(EVENT, max_size=25))
def test_weight_never_rises_again(chain, events):
    """By whatever strategies: the weight climbs until it falls, and never again; nothing is copied after the end."""
    states = play(chain, events)
    weights = [state.weight for state in states if state.canary is not None]
    fall = next((i for i, state in enumerate(states) if state.phase in (Phase.ROLLED_BACK, Phase.HELD)), len(states))
    assert [state.weight for state in states[:fall]] == sorted(state.weight for state in states[:fall])
    assert not any(state.weight or routing.of(state).mirrored for state in states[fall:]), weights


@pytest.mark.parametrize("chain", CHAINS)
@settings(max_examples=30)
@given(events=st.lists(EVENT, max_size=15))
def test_every_state_has_an_end(chain, events):
    """From every state a way leads to a final one: by time alone, and by the order of a person."""
    state = play(chain, events)[-1]
    if not state.over:
        order = Order(Do.ABORT, "ann", "enough")
        assert settle(orders.obey(state, order, state.looked_at)).over
    now, n, stable = state.looked_at, state.seen.requests, state.compared.stable.requests - BEFORE
    for _ in range(len(STEPS.steps) + 2):
        now += STEPS.step_budget_seconds
        state = settle(both(state, seen(state, n, state.seen.errors, stable=stable), now))
    assert state.over


@pytest.mark.parametrize("chain", CHAINS)
@settings(max_examples=30)
@given(events=st.lists(EVENT, max_size=10), last=EVENT)
def test_repeated_tick_changes_nothing(chain, events, last):
    """The same look a second time leads to the same state, and a state is the same after it was written down."""
    state = play(chain, events)[-1]
    n, now = state.seen.requests + last[1], state.looked_at + last[0]
    look = seen(state, n, min(n, state.seen.errors + round(last[1] * last[2])), contrary=last[3])
    once = decide(state, look, now)
    assert decide(once, look, now) == once
    assert from_json(to_json(once)) == once
