from canary import rollouts
from canary.rollouts import NEW, SERVING, Seconds

from gatehouse.canary import actions, machine
from gatehouse.canary.actions import Promote, Start, Stop, Weigh
from gatehouse.canary.state import settle


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
    assert actions.needed(state) == (Weigh({"blue": 100, "green": 0}), Stop("green"))


def test_promotion_stops_old_last():
    """The old version is stopped only after the new one has all traffic and the registry knows."""
    before = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)[-2]
    assert actions.needed(before) == (Weigh({"blue": 0, "green": 100}), Promote(NEW), Stop("blue"))
    assert actions.needed(settle(before)) == ()
