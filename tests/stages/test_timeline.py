from dataclasses import replace

from gatehouse.canary.counters import Counters
from gatehouse.canary.state import Phase, State, Transition
from gatehouse.stages.timeline import Timeline

LATENCY = {100.0: 90, 200.0: 100}
STATE = State(Phase.BAKING, weight=5, history=(Transition(1000.0, Phase.STARTING, 0, "It starts."),))


def counted(state: State, requests: int, errors: int) -> State:
    """Return the state after a look."""
    return replace(state, seen=Counters(requests, errors, 0, {200.0: requests}))


def test_point_is_of_the_step():
    """The error rate and the latency are those of the step so far, which is what is judged."""
    state = replace(STATE, baseline=Counters(100, 0), seen=Counters(200, 5, 0, LATENCY))
    point = Timeline().add(state, 1010.0)
    assert (point["t"], point["weight"], point["phase"], point["error_rate"]) == (10.0, 5, "baking", 0.05)
    assert point["p95_ms"] == 150.0


def test_totals_add_up():
    """Requests and errors are those of all looks, without the counts of who stood in the slot before."""
    timeline = Timeline()
    before = Counters(500, 50, 0, {200.0: 500})
    timeline.add(replace(STATE, weight=0, phase=Phase.STARTING), 1000.0)
    timeline.add(replace(counted(STATE, 510, 50), baseline=before), 1001.0)
    assert timeline.add(replace(counted(STATE, 530, 52), baseline=before), 1002.0)["requests"] == 30
    restarted = replace(counted(STATE, 7, 0), baseline=Counters(7, 0, 0, {200.0: 7}))
    assert timeline.add(restarted, 1003.0)["errors"] == 2


def test_silence_has_no_rates():
    """Without requests there is no rate and no latency, rather than 0."""
    point = Timeline().add(STATE, 1000.0)
    assert (point["error_rate"], point["p95_ms"], point["requests"]) == (None, None, 0)
