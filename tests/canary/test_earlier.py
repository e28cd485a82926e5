from dataclasses import replace

import pytest
from canary import rollouts
from canary.rollouts import NEW, OLD, SERVING, Seconds
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary import actions, earlier, machine, orders, routing
from gatehouse.canary.actions import Promote, Stop, Weigh
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase, Placed, State, settle
from gatehouse.errors import EvidenceError
from gatehouse.release import Release

OLDEST = Release("0.9.0", "9" * 64, "/bundles/9")
WHY = "Ada says rollback: customers call"
# The new version serves from green, the old one waits in blue, and one before it is remembered.
PROMOTED = replace(SERVING, stable=Placed("green", NEW), previous=Placed("blue", OLD), former=(OLD, OLDEST))


def back(state: State, version: str | None = None) -> State:
    """Return the state after a rollback, before its actions were done."""
    release = earlier.choose(state, version)
    return earlier.returned(earlier.waiting(state, release), release, WHY, 5.0)


def test_previous_takes_over():
    """The traffic moves first, then the registry, and what served stops last; it is remembered no more."""
    state = back(PROMOTED)
    assert actions.needed(state) == (
        Weigh(Routing({"blue": 100, "green": 0}, tested="blue")),
        Promote(OLD),
        Stop("green"),
    )
    assert actions.serving(state) == (Placed("blue", OLD),)
    over = settle(state)
    assert (over.stable, over.canary, over.previous, over.former) == (Placed("blue", OLD), None, None, (OLDEST,))
    assert (over.over, over.returning, over.history[-1].why) == (True, False, WHY)


def test_named_version_takes_the_free_slot():
    """A version that is named waits in the free slot, in place of the one that waited there."""
    assert earlier.waiting(PROMOTED, OLDEST).previous == Placed("blue", OLDEST)
    over = settle(back(PROMOTED, "0.9.0"))
    assert (over.stable, over.former) == (Placed("blue", OLDEST), (OLD,))


def test_rollbacks_go_further_back():
    """A second rollback goes on to the version that it names, and a third has nowhere to go."""
    twice = settle(back(settle(back(PROMOTED)), OLDEST.version))
    assert twice.stable == Placed("green", OLDEST)
    with pytest.raises(EvidenceError, match=r"served here before 0\.9\.0: there is nothing to roll back to"):
        back(twice)


@pytest.mark.parametrize(
    ("state", "version", "message"),
    [
        (State(Phase.ROLLED_BACK, settled=True), None, "No version serves here"),
        (SERVING, None, "nothing to roll back to"),
        (PROMOTED, "1.1.0", "has all traffic already"),
        (settle(back(PROMOTED)), None, r"rolled back already.* name the version \(--to\): 0\.9\.0\."),
        (PROMOTED, "7.0.0", r"7\.0\.0 did not serve here lately.* These can: 1\.0\.0, 0\.9\.0\."),
    ],
)
def test_senseless_rollback_is_refused(state: State, version: str | None, message: str):
    """What cannot be gone back to is said, with what can."""
    with pytest.raises(EvidenceError, match=message):
        earlier.choose(state, version)


def test_unfinished_promotion_is_taken_back():
    """A promotion whose end is not done yet is rolled back without waiting for that."""
    promoted = orders.obey(rollouts.baking(), Order(Do.PROMOTE, "Ada", "the sale"), 5.0)
    assert not earlier.under_way(promoted)
    state = back(promoted)
    assert actions.needed(state)[:2] == (Weigh(Routing({"blue": 100, "green": 0}, tested="blue")), Promote(OLD))
    assert settle(state).stable == Placed("blue", OLD)


def test_slot_taken_meanwhile():
    """A rollout that began meanwhile needs the slot, and one that waits no more gets no traffic."""
    with pytest.raises(EvidenceError, match="begun meanwhile"):
        earlier.waiting(rollouts.baking(), OLD)
    with pytest.raises(EvidenceError, match="took the place"):
        earlier.returned(rollouts.baking(), OLD, WHY, 1.0)
    with pytest.raises(EvidenceError, match="took the place"):
        earlier.returned(earlier.waiting(PROMOTED, OLDEST), OLD, WHY, 1.0)


def test_moved_traffic_is_noticed():
    """Traffic that was moved back, and nothing written, is a rollback; any other weights are none."""
    state = earlier.noticed(PROMOTED, {"blue": 100, "green": 0}, 5.0)
    assert (state.stable, state.settled) == (Placed("blue", OLD), False)
    for weights in ({"blue": 0, "green": 100}, {"blue": 50, "green": 50}, {"blue": 0, "green": 0}, {}):
        assert earlier.noticed(PROMOTED, weights, 5.0) == PROMOTED
    assert earlier.noticed(SERVING, {"green": 100}, 5.0) == SERVING


RELEASES = st.sampled_from([OLDEST, OLD, NEW, Release("1.2.0", "c" * 64, "/bundles/c")])
STEPS = st.one_of(
    st.tuples(st.just("roll out"), RELEASES),
    st.tuples(st.just("roll back"), st.none() | RELEASES),
    st.tuples(st.just("order"), st.sampled_from(Do)),
    st.tuples(st.just("look"), st.integers(0, 200)),
    st.tuples(st.just("settle"), st.none()),
)


@given(st.lists(STEPS, max_size=30))
def test_what_was_rolled_back_stays_back(steps: list[tuple[str, object]]):
    """Its weight never rises until a new rollout of it begins, whatever is ordered, counted and rolled back."""
    state, bad = PROMOTED, set[Release]()
    for what, how in steps:
        before = state
        state = step(state, what, how)
        if what == "roll out" and state is not before and isinstance(how, Release):
            bad.discard(how)
        if state.phase == Phase.ROLLED_BACK and state.canary is not None:
            bad.add(state.canary.release)
        served = {
            placed.release
            for placed in (state.canary, state.stable)
            if placed and routing.of(state).weights[placed.slot]
        }
        assert not served & bad
        assert sum(routing.of(state).weights.values()) == 100


def step(state: State, what: str, how: object) -> State:
    """Return the state after one of the things that can happen to it; what makes no sense changes nothing."""
    now = state.step_started + 10
    try:
        if what == "roll out" and isinstance(how, Release):
            serves = state.stable is not None and state.stable.release == how
            if serves:
                return state
            begun = settle(machine.begin(state, how, now))
            return settle(machine.started(begun, {}, now, rollouts.STEPS, rollouts.BESIDE))
        if what == "roll back":
            return back(state, how.version if isinstance(how, Release) else None)
        if what == "order" and isinstance(how, Do):
            return orders.obey(state, Order(how, "Ada", "so"), now)
        if what == "look" and isinstance(how, int):
            return rollouts.play(state, [Seconds(10, 200, errors=how)])[1]
    except EvidenceError:
        return state
    return settle(state)
