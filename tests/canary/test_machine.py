from dataclasses import replace

import pytest
from canary import rollouts
from canary.rollouts import BESIDE, LIMITS, NEW, NOTHING, OLD, SERVING, STEPS, Seconds
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary import machine, routing
from gatehouse.canary.counters import EDGES_MS, Counters
from gatehouse.canary.rescoring import Rescored
from gatehouse.canary.state import FINAL, Phase, Placed, settle, to_json
from gatehouse.errors import EvidenceError
from gatehouse.verdicts import Decision

EVENTS = st.builds(
    Seconds,
    seconds=st.floats(-5, 100),
    requests=st.integers(0, 400),
    errors=st.one_of(st.just(0), st.integers(0, 400)),
    restart=st.integers(0, 9).map(lambda n: n == 0),
)


def test_good_canary_climbs():
    """Enough good answers lead through every weight to the promotion."""
    states = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)
    assert list(dict.fromkeys(rollouts.weights(states))) == [5, 10, 25, 50, 100]
    assert states[-1].phase == Phase.PROMOTED
    assert states[-1].stable == Placed("green", NEW)


def test_worse_than_stable_rolls_back():
    """A canary far below its ceiling goes back when it fails more often than stable does."""
    states = rollouts.play(rollouts.baking(), [Seconds(1, 200, errors=5)] * 9)
    assert states[-1].phase == Phase.ROLLED_BACK
    assert "more errors than stable" in states[-1].history[-1].why


def test_uneven_split_is_held():
    """A router that sends a canary of 5 % every third request ends the rollout at once, and blames no candidate."""
    state, steps = rollouts.baking(), replace(STEPS, bake_seconds=300.0, step_budget_seconds=600.0)
    for look in range(1, 9):
        counters = {
            slot: rollouts.counted(NOTHING, Seconds(1, 50 * look * n)) for slot, n in (("green", 1), ("blue", 2))
        }
        state, checks = machine.decide(state, counters, routing.of(state).weights, 10.0 * look, steps, LIMITS, BESIDE)
        if state.phase == Phase.HELD:
            break
    assert [check.name for check in checks if check.decision == Decision.ERROR] == ["traffic split"]
    assert state.history[-1].why.startswith("The canary got 200 of 600 requests at this weight, and 5% were set")


def test_stable_is_watched_at_rest():
    """Between rollouts stable's windows are counted, and the next canary is held against them; in one they are not."""
    state = SERVING
    for minute in range(70):
        n = 1000 * minute
        counters = {"blue": Counters(n, 5 * (minute - minute % 2), 0, dict.fromkeys(EDGES_MS, n))}
        state = machine.rest(state, counters, 60.0 * minute, BESIDE)
    begun = machine.started(settle(machine.begin(state, NEW, 4200.0)), counters, 4200.0, STEPS, BESIDE)
    assert begun.compared.watched == 69
    assert begun.compared.dispersion == {"errors": pytest.approx(10, rel=0.1), "answers above 25 ms": 1.0}
    assert machine.rest(begun, counters, 9999.0, BESIDE) == begun


def test_unsettled_comparison_waits():
    """Requests enough and no ceiling broken do not make a step pass: it is not settled whether the canary is worse."""
    state = rollouts.play(rollouts.baking(), [Seconds(10, 200, errors=2)])[-1]
    assert (state.phase, state.weight) == (Phase.BAKING, 5)


def test_lone_canary_is_not_compared():
    """At 100 % stable gets nothing that could be compared: a step goes on by its ceilings alone, or back."""
    steps = replace(STEPS, steps=(100,))
    state = settle(machine.started(settle(machine.begin(SERVING, NEW, 0.0)), {}, 0.0, steps, BESIDE))
    for errors, phase in ((5, Phase.PROMOTED), (60, Phase.ROLLED_BACK)):
        counters = {"green": rollouts.counted(Counters(), Seconds(10, 205, errors)), "blue": Counters()}
        after, checks = machine.decide(state, counters, routing.of(state).weights, 10.0, steps, LIMITS, BESIDE)
        assert after.phase == phase
        names = ["canary answers", "canary errors", "canary latency", "logged answers"]
        assert [check.name for check in checks] == names


def test_other_answers_than_the_bundles_roll_back():
    """A canary whose servers answered otherwise than its bundle goes back, also while it waits for a person."""
    for paused in (False, True):
        state = replace(rollouts.baking(), rescored=Rescored(40, 3, 2, 0.5, 1e-6), paused=paused)
        after, _ = machine.decide(state, {}, routing.of(state).weights, 1.0, STEPS, LIMITS, BESIDE)
        assert (after.phase, after.weight) == (Phase.ROLLED_BACK, 0)
        assert "Of 40 logged answers of the canary its bundle, asked again, gives 3 otherwise" in after.history[-1].why


def test_restarted_router_is_no_evidence():
    """A router that began to count anew, and got past its old counts unseen, adds nothing to the comparison."""
    before = rollouts.play(rollouts.baking(), [Seconds(1, 200, errors=2)])[-1]
    for counted in (Counters(10), Counters(210, 0), Counters(205, 9)):
        after = rollouts.tick(before, {"green": counted, "blue": Counters(5000, 30)}, 2.0)
        assert after.compared.evidence == before.compared.evidence


def test_history_tells_the_rollout():
    """Every change of the weight is a line: when, which phase, how much, and why."""
    history = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)[-1].history
    assert [(line.at, line.phase, line.weight, line.why) for line in history] == [
        (0.0, Phase.STARTING, 0, "Version 1.1.0 starts in slot green."),
        (0.0, Phase.BAKING, 5, "The candidate is ready."),
        (10.0, Phase.BAKING, 10, "No ceiling is broken after 200 requests at 5 %."),
        (20.0, Phase.BAKING, 25, "No ceiling is broken after 200 requests at 10 %."),
        (30.0, Phase.BAKING, 50, "No ceiling is broken after 200 requests at 25 %."),
        (40.0, Phase.BAKING, 100, "No ceiling is broken after 200 requests at 50 %."),
        (50.0, Phase.PROMOTED, 100, "No ceiling is broken after 200 requests at 100 %."),
    ]


def test_bad_canary_rolls_back():
    """A broken ceiling takes the canary's traffic away, and the reason has its numbers."""
    states = rollouts.play(rollouts.baking(), [Seconds(10, 200), Seconds(1, 200, errors=60)])
    assert states[-1].phase == Phase.ROLLED_BACK
    assert states[-1].stable == Placed("blue", OLD)
    assert "60 errors in 200 requests" in states[-1].history[-1].why
    assert (states[-1].history[-1].at, states[-1].weight) == (11.0, 0)


def test_bake_time_is_kept():
    """Requests enough do not shorten the bake."""
    assert rollouts.play(rollouts.baking(), [Seconds(9.9, 5000)])[-1].weight == 5


def test_no_traffic_holds():
    """A step that nobody sent requests to ends at its budget, with the traffic back on the stable version."""
    state = rollouts.play(rollouts.baking(), [Seconds(59.9, 0), Seconds(0.1, 0)])[-1]
    assert state.phase == Phase.HELD
    assert routing.of(state).weights == {"blue": 100, "green": 0}
    missing = "The canary was sent no request: it has shown nothing."
    assert state.history[-1].why.startswith(f"5 % was not settled within 60 s. {missing} Whether the canary has more")
    assert (state.history[-1].at, state.weight) == (60.0, 0)


def test_first_version_takes_all():
    """Without a stable version there is nothing to compare with and nobody to protect."""
    state = machine.started(settle(machine.begin(None, NEW, 0.0)), {}, 1.0, STEPS, BESIDE)
    assert (state.phase, state.weight, rollouts.kinds(state)) == (Phase.PROMOTED, 100, ["Weigh", "Promote"])
    assert state.history[-1].at == 1.0
    assert state.history[-1].why == "It is the first version here: it takes all traffic at once."


def test_slots_take_turns():
    """The next candidate goes to the slot that the stable version does not stand in."""
    promoted = rollouts.play(rollouts.baking(), [Seconds(10, 200)] * 5)[-1]
    assert machine.begin(promoted, OLD, 0.0).canary == Placed("blue", OLD)


def test_second_rollout_refused():
    """A rollout that is not over keeps the next one from beginning."""
    with pytest.raises(EvidenceError, match="still baking"):
        machine.begin(rollouts.baking(), OLD, 0.0)
    with pytest.raises(EvidenceError, match="still rolled_back"):
        machine.begin(machine.abandon(rollouts.baking(), "tired", 1.0), OLD, 2.0)


def test_restart_begins_evidence_anew():
    """After the router restarted, what it had counted before no longer counts, for or against."""
    states = rollouts.play(rollouts.baking(), [Seconds(9, 190), Seconds(1, 20, restart=True)])
    assert states[-1].weight == 5
    assert states[-1].seen == states[-1].baseline


def test_step_begins_where_counters_are():
    """What the canary was counted before a step is no evidence for it, nor is it a restart."""
    counters = {"green": Counters(50, 3, 0, {100.0: 50})}
    state = machine.bake(rollouts.baking(), 1, counters, 9.0, STEPS, "because")
    assert state.baseline == state.seen == counters["green"]
    assert (state.step_started, state.weight) == (9.0, 10)


def test_vanished_weight_rolls_back():
    """Somebody who sets the canary's weight to 0 by hand ends the rollout: it does not climb again."""
    state, _ = machine.decide(rollouts.baking(), {}, {"blue": 100, "green": 0}, 1.0, STEPS, LIMITS, BESIDE)
    assert state.phase == Phase.ROLLED_BACK
    assert "somebody took its traffic away" in state.history[-1].why
    assert (state.history[-1].at, state.weight) == (1.0, 0)


def test_moved_weight_is_mended():
    """Weights that are not those of the state make it unsettled, so that they are set again."""
    state, _ = machine.decide(rollouts.baking(), {}, {"blue": 70, "green": 30}, 1.0, STEPS, LIMITS, BESIDE)
    assert rollouts.kinds(state) == ["Weigh"]
    assert routing.of(state).weights == {"blue": 95, "green": 5}


def test_clock_set_back():
    """A clock that jumps back an hour does not make the step last an hour longer."""
    state = rollouts.baking(3600.0)
    assert rollouts.play(state, [Seconds(-3600, 0), Seconds(60, 0)])[-1].phase == Phase.HELD


def test_abandoned_rollout_is_final():
    """What was given up goes back to the stable version; what had ended before stays as it was."""
    state = machine.abandon(rollouts.baking(), "the router is gone", 1.0)
    assert (state.phase, state.weight) == (Phase.ROLLED_BACK, 0)
    assert (state.history[-1].at, state.history[-1].why) == (1.0, "the router is gone")
    assert machine.abandon(SERVING, "too late", 1.0) == SERVING


def test_checks_are_returned():
    """The checks of a decision come with it, for the verdict."""
    _, checks = machine.decide(rollouts.baking(), {}, {"green": 5}, 1.0, STEPS, LIMITS, BESIDE)
    assert {check.name: check.decision for check in checks} == {
        "canary answers": Decision.HOLD,
        "canary errors": Decision.PROMOTE,
        "canary latency": Decision.HOLD,
        "late answers": Decision.HOLD,
        "traffic split": Decision.PROMOTE,
        "predictions beside stable": Decision.HOLD,
        "logged answers": Decision.HOLD,
    }


@given(st.lists(EVENTS, max_size=40))
def test_weight_never_rises_again(events):
    """Once the canary lost its traffic it gets none again, whatever is counted; before that it only climbs."""
    weights = rollouts.weights(rollouts.play(rollouts.baking(1000.0), events))
    fall = weights.index(0) if 0 in weights else len(weights)
    assert weights[:fall] == sorted(weights[:fall])
    assert not any(weights[fall:])


@given(st.lists(EVENTS, max_size=40))
def test_every_rollout_ends(events):
    """From wherever it came, a rollout is over when one budget a step has passed without a request."""
    state = rollouts.play(rollouts.baking(1000.0), events)[-1]
    states = rollouts.play(state, [Seconds(STEPS.step_budget_seconds, 0)] * (len(STEPS.steps) + 1))
    assert states[-1].over


@given(st.lists(EVENTS, max_size=20), EVENTS)
def test_repeated_tick_changes_nothing(events, last):
    """The same look a second time leads to the same state; at the begin of a step it says that nothing was seen yet."""
    state = rollouts.play(rollouts.baking(1000.0), events)[-1]
    counters = {"green": rollouts.counted(state.seen, last)}
    now = state.step_started + last.seconds
    once = rollouts.tick(state, counters, now)
    assert replace(rollouts.tick(once, counters, now), checks=once.checks) == once
    assert replace(rollouts.tick(settle(once), counters, now), checks=once.checks) == settle(once)


@given(st.lists(EVENTS, max_size=20))
def test_weights_add_up(events):
    """As long as a version serves, the weights are percent of all traffic."""
    for state in rollouts.play(rollouts.baking(), events):
        assert sum(routing.of(state).weights.values()) == 100


@given(st.lists(EVENTS, max_size=10))
def test_finals_give_stable_all(events):
    """Every end leaves one version, with all traffic and no canary."""
    for state in rollouts.play(rollouts.baking(), events):
        if state.phase in FINAL and state.settled:
            assert state.canary is None
            assert state.stable is not None
            assert routing.of(state).weights[state.stable.slot] == 100
            assert to_json(state)
