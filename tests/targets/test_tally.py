import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary.counters import CLASS, Counters
from gatehouse.targets import tally
from gatehouse.targets.tally import Tally


def counted(requests):
    """Return the counters of a pod that answered so many, one in ten with an error."""
    return Counters(requests, requests // 10, latency={5.0: requests // 2, 10.0: requests})


def test_pods_add_up():
    """A slot has counted what its pods have counted."""
    found = Tally().look({"blue": {"a": counted(30), "b": counted(20)}}).totals()
    assert found == {"blue": counted(50), "green": Counters()}


def test_gone_pod_still_counts():
    """What a pod counted stays when it goes, and a pod in its place begins at nothing."""
    first = Tally().look({"blue": {"a": counted(30)}})
    assert first.look({"blue": {"b": counted(10)}}).totals()["blue"] == counted(40)
    assert first.look({}).totals()["blue"].requests == 30


def test_restarted_proxy_still_counts():
    """A proxy that counts anew adds to what it had counted before."""
    found = Tally().look({"blue": {"a": counted(30)}}).look({"blue": {"a": counted(10)}})
    assert found.totals()["blue"] == counted(40)


def test_restarted_server_still_counts():
    """A server that begins anew in its pod adds its predictions, and its proxy's counts are not added twice."""
    first = Counters(30, predictions={CLASS: {"yes": 5, "no": 25}})
    again = Counters(40, predictions={CLASS: {"no": 10}})
    found = Tally().look({"blue": {"a": first}}).look({"blue": {"a": again}}).totals()["blue"]
    assert found == Counters(40, predictions={CLASS: {"yes": 5, "no": 35}})


def test_tally_is_kept():
    """Another program carries on with the same counts."""
    found = Tally().look({"blue": {"a": counted(30)}}).look({"blue": {"b": counted(10)}, "green": {"c": counted(20)}})
    assert tally.from_json(tally.to_json(found)).totals() == found.totals()


@pytest.mark.parametrize("text", ["", "{", '{"past": {"red": 1}}', "[]"])
def test_unreadable_tally_is_empty(text):
    """What was half written, or by another version, ends no rollout: evidence is gathered anew."""
    assert tally.from_json(text) == Tally()


pods = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50).map(lambda tens: counted(10 * tens)))


@given(st.lists(pods, min_size=1, max_size=8))
def test_counts_never_fall(looks):
    """Whatever pods come, go and restart, no count of a slot ever goes down."""
    found, before = Tally(), Counters()
    for look in looks:
        found = found.look({"green": look})
        now = found.totals()["green"]
        assert not now.restarted(before)
        before = now
