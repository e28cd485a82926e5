import json
from dataclasses import replace

import pytest
from canary import rollouts
from canary.rollouts import NEW, OLD, Seconds

from gatehouse.canary import machine, routing
from gatehouse.canary.state import Phase, Placed, from_json, settle, to_json
from gatehouse.errors import EvidenceError
from gatehouse.release import Release


def test_state_survives_json():
    """A state in the middle of a rollout is the same after it was written and read."""
    for state in rollouts.play(rollouts.baking(), [Seconds(10, 200), Seconds(1, 50, errors=3)]):
        assert from_json(to_json(state)) == state


def test_older_state_is_read():
    """A state that was saved before evidence was kept is read: the comparison begins with the next look."""
    old = json.loads(to_json(rollouts.baking()))
    for name in ("compared", "watched", "previous", "former"):
        del old[name]
    for counters in (old["baseline"], old["seen"]):
        del counters["predictions"], counters["refused"]
    state = from_json(json.dumps(old))
    assert (state.weight, state.compared.evidence, state.watched.windows) == (5, {}, ())
    first = dict(json.loads(to_json(rollouts.baking()))["compared"])
    old["compared"] = {name: first[name] for name in ("stable", "edges", "evidence")}
    old["compared"]["split"] = {"canary": 3, "stable": 4}
    assert from_json(json.dumps(old)).compared.dispersion == {}


def test_newer_evidence_is_no_harm():
    """A state that a later release of Gatehouse saved is read as far as it is known here."""
    new = {**json.loads(to_json(rollouts.baking())), "mirrored": {"share": 0.1}}
    assert from_json(json.dumps(new)) == rollouts.baking()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"phase": "flying"}', to_json(rollouts.SERVING)[:-40]])
def test_broken_state_refused(text):
    """A file that is no state, or half of one, is an error that says what to do."""
    with pytest.raises(EvidenceError, match="cannot be read"):
        from_json(text)


def test_every_problem_is_named():
    """The error tells each field that is wrong, from the outside in."""
    with pytest.raises(EvidenceError) as error:
        from_json('{"phase": "flying", "baseline": {"requests": "x"}}')
    first, second = str(error.value).split("; ")
    assert "cannot be read: phase: Input should be 'starting'" in first
    assert second.startswith("baseline.requests: Input should be a valid integer")
    assert "http" not in str(error.value)


def test_settled_end_leaves_one():
    """At the end the version that lost is gone, and the other is the stable one."""
    promoted = settle(replace(rollouts.baking(), phase=Phase.PROMOTED))
    assert promoted.stable is not None
    assert promoted.stable.release == NEW
    rolled_back = settle(machine.abandon(rollouts.baking(), "enough", 1.0))
    assert rolled_back.stable is not None
    assert rolled_back.stable.release == OLD


def test_versions_that_served_are_remembered():
    """Each promotion puts the version before it first, as many as are kept and each once; it runs on where it was."""
    versions = [Release(f"{n}.0.0", str(n), "x") for n in (1, 2, 3, 4, 2)]
    state = None
    for release in versions:
        begun = machine.begin(state, release, 0.0)
        assert begun.previous is None
        state = settle(replace(begun, phase=Phase.PROMOTED), keep=2)
    assert state is not None
    assert [release.version for release in state.former] == ["4.0.0", "3.0.0"]
    assert state.previous == Placed("green", versions[3])
    assert state.stable == Placed("blue", versions[4])
    failed = settle(machine.abandon(machine.begin(state, versions[0], 1.0), "enough", 2.0), keep=2)
    assert (failed.former, failed.previous) == (state.former, None)


def test_unserved_place_has_no_weight():
    """Before the first version is ready nobody gets traffic."""
    assert routing.of(machine.begin(None, NEW, 0.0)).weights == {"blue": 0, "green": 0}


def test_testers_follow_the_candidate():
    """Testers reach stable until a candidate is ready and after it lost, and what took over from it later on."""
    began, baking = machine.begin(rollouts.SERVING, NEW, 0.0), rollouts.baking()
    lost = machine.abandon(baking, "enough", 1.0)
    assert [routing.of(state).tested for state in (rollouts.SERVING, began, baking, lost, settle(lost))] == [
        "blue", "blue", "green", "blue", "blue"
    ]  # fmt: skip
    promoted = replace(baking, phase=Phase.PROMOTED)
    assert (routing.of(promoted).tested, routing.of(settle(promoted)).tested) == ("green", "green")
    assert routing.of(machine.begin(None, NEW, 0.0)).tested is None
