import pytest

from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.targets import route

GATEWAY = {
    "metadata": {"name": "gate"},
    "spec": {
        "listeners": [
            {"name": "web", "protocol": "HTTP", "port": 80},
            {"name": "safe", "protocol": "HTTPS", "port": 443},
        ]
    },
    "status": {"addresses": [{"value": "192.0.2.7"}]},
}


def described(*hostnames, section=None, condition=None):
    """Return a route as the cluster holds it."""
    parent = {"name": "gate"} | ({"sectionName": section} if section else {})
    status = {"parents": [{"parentRef": parent, "conditions": [condition]}]} if condition else {}
    spec = route.description(Routing({"blue": 75, "green": 25}), "m1")["spec"]
    return {"spec": {**spec, "parentRefs": [parent], "hostnames": list(hostnames)}, "status": status}


def test_weights_are_read_back():
    """What was written is read; a backend without a weight has 1, as the Gateway API says."""
    found = described()
    assert route.routing(found).weights == {"blue": 75, "green": 25}
    del found["spec"]["rules"][-1]["backendRefs"][0]["weight"]
    assert route.routing(found).weights["blue"] == 1


def test_new_route_weighs_nothing():
    """The rule that an API server puts into an empty route is none of ours."""
    empty = {"spec": {"rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]}}
    assert route.routing(empty).weights == {"blue": 0, "green": 0}
    assert not route.marked(empty)
    assert route.marked(described())


def test_refused_route_is_an_error():
    """Weights that the gateway does not take are no weights."""
    refused = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "no such service"}
    with pytest.raises(TargetError, match="'gate' refuses the route 'gatehouse': no such service"):
        route.routing(described(condition=refused))
    assert route.routing(described(condition={**refused, "status": "True"})).weights["blue"] == 75


def test_address_prefers_safety():
    """Users come by the name of the route, encrypted where the gateway can; a named listener is the one."""
    assert route.address(described(), GATEWAY) == "https://192.0.2.7:443"
    assert route.address(described("*.example.org", "model.example.org"), GATEWAY) == "https://model.example.org:443"
    assert route.address(described(section="web"), GATEWAY) == "http://192.0.2.7:80"


def test_missing_address_is_an_error():
    """A gateway without an address asks for one in the settings."""
    with pytest.raises(TargetError, match=r"'gate' has no address: set \[kubernetes\] url"):
        route.address(described(), {**GATEWAY, "status": {}})


def test_testers_are_read_back():
    """Testers reach one slot, by a rule of their own that no copy is made by; without a slot there is none."""
    described = route.description(Routing({"blue": 100}, {"green": 20}, "green"), "m1")
    assert route.routing(described) == Routing({"blue": 100, "green": 0}, {"green": 20}, "green")
    rule = described["spec"]["rules"][-2]
    assert rule["matches"][0]["headers"] == [{"type": "Exact", "name": "X-Gatehouse-Version", "value": "candidate"}]
    assert rule["filters"][0]["requestHeaderModifier"] == {"remove": ["X-Gatehouse-Shadow"]}
    assert route.routing(route.description(Routing({"blue": 100}), "m1")).tested is None


def test_copies_are_read_back():
    """Which slot gets copies is a header of the gateway's, whatever a client says; without any it is taken away."""
    described = route.description(Routing({"blue": 100}, {"green": 20}), "m1")
    assert route.routing(described).mirrored == {"green": 20}
    plain = route.description(Routing({"blue": 100}), "m1")
    assert route.routing(plain).mirrored == {}
    change = plain["spec"]["rules"][-1]["filters"][0]["requestHeaderModifier"]
    assert change == {"remove": ["X-Gatehouse-Shadow"]}
