import json

from gatehouse.targets import servers
from gatehouse.targets.servers import Servers

ONE, TWO = "http://127.0.0.1:1", "http://127.0.0.1:2"
SEVERAL = Servers({"blue": (ONE, TWO), "green": ()}, {"blue-0": ONE, "blue-1": TWO})


def services(known):
    """Return the services of a description by their names."""
    return servers.describe(known)["http"]["services"]


def test_single_server_is_not_checked():
    """Nothing stands between the router and the only server of a slot, so what fails is seen to fail."""
    found = services(Servers({"blue": (ONE,)}, {"blue-0": ONE}))
    assert found["blue"] == {"loadBalancer": {"servers": [{"url": ONE}], "serversTransport": "slots"}}


def test_dead_one_of_several_is_passed_by():
    """Of several servers those share the requests that are ready; where none is, all get them, and fail."""
    found = services(SEVERAL)
    assert found["blue"]["failover"] == {"service": "blue-ready", "fallback": "blue-all"}
    assert found["blue-ready"]["loadBalancer"]["healthCheck"]["path"] == "/readyz"
    assert "healthCheck" not in found["blue-all"]["loadBalancer"]
    both = [{"url": ONE}, {"url": TWO}]
    assert [found[name]["loadBalancer"]["servers"] for name in ("blue-ready", "blue-all")] == [both, both]


def test_errors_are_not_hidden():
    """No failed request is repeated, and no failing slot is taken out, or nobody would see its errors."""
    text = json.dumps(servers.describe(SEVERAL)).lower()
    assert not any(word in text for word in ("retry", "circuitbreaker"))


def test_counts_outlive_a_change():
    """The services that count are there with no server, with one and with several, or the router would forget."""
    for known in (Servers(), Servers({"blue": (ONE,)}, {"blue-0": ONE}), SEVERAL):
        assert {*servers.counted_as("blue"), *servers.counted_as("green")} <= set(services(known))


def test_empty_slot_has_no_server():
    """A slot where nothing was started is described, so that the weights can name it."""
    assert services(SEVERAL)["green"]["loadBalancer"]["servers"] == []


def test_doors_are_not_counted():
    """Slots and servers are asked inside, each by its name, and that is in no counters."""
    routers = servers.describe(SEVERAL)["http"]["routers"]
    assert set(routers) == {"probe-blue", "probe-green", "probe-blue-0", "probe-blue-1"}
    assert routers["probe-blue-1"]["rule"] == "PathPrefix(`/slots/blue-1/`)"
    told = [(router["entryPoints"], router["observability"]) for router in routers.values()]
    assert told == [([servers.INTERNAL], {"metrics": False})] * 4


def test_testers_reach_a_slot():
    """A service of the testers' own leads to a slot, however many servers share that."""
    found = services(SEVERAL)["tester-blue"]
    assert found["weighted"]["services"] == [{"name": "blue", "weight": 1}]


def test_description_is_read_back():
    """Whoever reads what the router was told knows the servers again; who never told it anything knows none."""
    assert servers.known(services(SEVERAL)) == SEVERAL
    assert servers.known({}) == Servers({"blue": (), "green": ()})
    # So the router's API lists a slot without servers, beside services of its own.
    assert servers.known({"blue-all": {"loadBalancer": {"servers": None}}, "api": {}}) == servers.known({})


def test_one_slot_changes_alone():
    """The other slot's servers stay as they are."""
    changed = SEVERAL.changed("green", [ONE], {"green-0": ONE}).changed("blue", [TWO], {"blue-1": TWO})
    assert changed == Servers({"blue": (TWO,), "green": (ONE,)}, {"green-0": ONE, "blue-1": TWO})
    assert (changed.of("blue"), changed.of("green")) == ({"blue-1": TWO}, {"green-0": ONE})
