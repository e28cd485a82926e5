from dataclasses import replace

import pytest
from canary import rollouts
from canary.rollouts import SERVING, Seconds
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary import machine, orders, routing
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.state import FINAL, Phase, settle
from gatehouse.errors import EvidenceError


def order(do: Do) -> Order:
    """Return an order with a name and a reason."""
    return Order(do, "Ada", "the shop is full")


def test_abort_takes_the_traffic_away():
    """An order to abort rolls back at once, and says who gave it and why."""
    state = orders.obey(rollouts.baking(), order(Do.ABORT), 5.0)
    assert (state.phase, routing.of(state).weights["green"]) == (Phase.ROLLED_BACK, 0)
    assert state.history[-1].why == "Ada says abort: the shop is full"


def test_promote_gives_all_traffic():
    """An order to promote gives all traffic at once, but not to a candidate that is not ready."""
    state = settle(orders.obey(rollouts.baking(), order(Do.PROMOTE), 5.0))
    assert (state.phase, state.stable.slot, routing.of(state).weights["green"]) == (Phase.PROMOTED, "green", 100)
    with pytest.raises(EvidenceError, match="is starting, and cannot be promoted"):
        orders.obey(machine.begin(SERVING, rollouts.NEW, 0.0), order(Do.PROMOTE), 5.0)


def test_hold_stops_the_climb():
    """A held rollout stays at its weight, longer than a step may take, until it is told to go on."""
    held = orders.obey(rollouts.baking(), order(Do.HOLD), 5.0)
    states = rollouts.play(held, [Seconds(100, 200)] * 3)
    assert {state.weight for state in states} == {5}
    assert {state.phase for state in states} == {Phase.BAKING}
    resumed = orders.obey(states[-1], order(Do.RESUME), states[-1].step_started + 301)
    assert rollouts.play(resumed, [Seconds(10, 200)] * 3)[-1].weight > 5


def test_hold_keeps_watching():
    """What fails while it is held goes back as ever."""
    held = orders.obey(rollouts.baking(), order(Do.HOLD), 5.0)
    assert rollouts.play(held, [Seconds(10, 200, errors=100)])[-1].phase == Phase.ROLLED_BACK


@pytest.mark.parametrize("do", list(Do))
def test_nothing_moves_what_is_over(do: Do):
    """A rollout that has ended takes no orders: its version would serve again, or stop serving, without a trial."""
    with pytest.raises(EvidenceError, match=f"nothing to {do}"):
        orders.obey(settle(orders.obey(rollouts.baking(), order(Do.ABORT), 5.0)), order(do), 6.0)


@pytest.mark.parametrize(("paused", "do"), [(True, Do.HOLD), (False, Do.RESUME)])
def test_said_twice_is_refused(paused: bool, do: Do):
    """What is so already is said, and no line is added to the story."""
    with pytest.raises(EvidenceError, match="wait"):
        orders.obey(replace(rollouts.baking(), paused=paused), order(do), 5.0)


@given(st.lists(st.sampled_from(Do), max_size=6), st.lists(st.integers(0, 400), min_size=6, max_size=6))
def test_weight_never_rises_after_a_rollback(told: list[Do], errors: list[int]):
    """Whatever is ordered in between, a canary that was rolled back never gets traffic again."""
    state, back = rollouts.baking(), False
    for number, failed in enumerate(errors):
        state = rollouts.play(state, [Seconds(10, 200, errors=failed)])[-1]
        if number < len(told):
            try:
                state = orders.obey(state, order(told[number]), state.step_started + 1)
            except EvidenceError:
                assert state.phase in FINAL or told[number] in (Do.HOLD, Do.RESUME)
        back = back or state.phase == Phase.ROLLED_BACK
        assert not back or state.weight == 0
