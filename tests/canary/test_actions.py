from canary import rollouts
from canary.rollouts import NEW, OLD, SERVING, Seconds

from gatehouse.canary import actions, machine
from gatehouse.canary.actions import Promote, Start, Stop, Weigh
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Placed, settle


def test_settled_state_needs_nothing():
    """What was seen to be done is not done again."""
    assert actions.needed(SERVING) == ()
    assert actions.needed(rollouts.baking()) == ()


def test_start_comes_first():
    """A candidate is started before it gets traffic."""
    assert actions.needed(machine.begin(SERVING, NEW, 0.0)) == (Start("green", NEW),)


def test_rollback_takes_traffic_first():
    """A rollback sets the weight to 0 before it stops the canary."""
    state = machine.abandon(rollouts.baking(), "enough", 1.0)
    assert actions.needed(state) == (Weigh(Routing({"blue": 100, "green": 0}, tested="blue")), Stop("green"))


def test_promotion_keeps_the_old():
    """The new version has all traffic, then the registry knows; the old one is not stopped."""
    before = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)[-2]
    assert actions.needed(before) == (Weigh(Routing({"blue": 0, "green": 100}, tested="green")), Promote(NEW))
    assert actions.needed(settle(before)) == ()


def test_stable_serves_alone():
    """Before the candidate is ready, and after it lost its traffic, only the stable version should be running."""
    stable = Placed("blue", OLD)
    assert actions.serving(SERVING) == (stable,)
    assert actions.serving(machine.begin(SERVING, NEW, 0.0)) == (stable,)
    assert actions.serving(machine.abandon(rollouts.baking(), "enough", 1.0)) == (stable,)


def test_both_serve_while_baking():
    """A canary and the stable version run side by side, also after the promotion: a rollback then takes no time."""
    assert actions.serving(rollouts.baking()) == (Placed("blue", OLD), Placed("green", NEW))
    promoted = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)[-2:]
    assert {frozenset(actions.serving(state)) for state in promoted} == {
        frozenset({Placed("blue", OLD), Placed("green", NEW)})
    }


def test_nothing_serves_at_first():
    """Before the first version is ready nothing should be running."""
    assert actions.serving(machine.begin(None, NEW, 0.0)) == ()
