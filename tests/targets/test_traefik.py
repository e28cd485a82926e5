import json

import pytest

from gatehouse.canary.counters import EDGES_MS
from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.targets import traefik

METRICS = """
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="POST",protocol="http",service="blue@file"} 90
traefik_service_requests_total{code="404",method="GET",protocol="http",service="blue@file"} 3
traefik_service_requests_total{code="500",method="POST",protocol="http",service="blue@file"} 4
traefik_service_requests_total{code="502",method="POST",protocol="http",service="blue@file"} 2
traefik_service_requests_total{code="203",method="POST",protocol="http",service="blue@file"} 5
traefik_service_requests_total{code="499",method="POST",protocol="http",service="blue@file"} 1
traefik_service_requests_total{code="200",method="GET",protocol="http",service="probe-blue@file"} 77
traefik_entrypoint_requests_total{code="200",entrypoint="users",method="GET",protocol="http"} 1000
# TYPE traefik_service_request_duration_seconds histogram
traefik_service_request_duration_seconds_bucket{code="200",method="POST",service="blue@file",le="0.005"} 60
traefik_service_request_duration_seconds_bucket{code="200",method="POST",service="blue@file",le="0.2"} 89
traefik_service_request_duration_seconds_bucket{code="200",method="POST",service="blue@file",le="+Inf"} 90
traefik_service_request_duration_seconds_bucket{code="500",method="POST",service="blue@file",le="0.005"} 4
traefik_service_request_duration_seconds_bucket{code="500",method="POST",service="blue@file",le="0.2"} 4
"""


def test_counters_of_slots():
    """Counts are added up over codes and methods, a fallback's answers as errors; probes are not the slot's."""
    blue = traefik.counters(METRICS)["blue"]
    assert (blue.requests, blue.errors, blue.abandoned, blue.refused) == (105, 11, 1, 3)
    assert (blue.latency[5.0], blue.latency[200.0]) == (64, 93)


def test_silent_slot_has_zeros():
    """A slot that nobody asked has counters, and they are 0."""
    green = traefik.counters(METRICS)["green"]
    assert green.requests == 0
    assert green.latency == dict.fromkeys(EDGES_MS, 0)


def test_several_servers_are_one_slot():
    """What was counted of the servers that are ready, and of all, is the slot's; whether one is up is no count."""
    several = METRICS.replace(
        'code="500",method="POST",protocol="http",service="blue@file"',
        'code="500",method="POST",protocol="http",service="blue-all@file"',
    )
    several = several.replace(
        'code="203",method="POST",protocol="http",service="blue@file"',
        'code="203",method="POST",protocol="http",service="blue-ready@file"',
    )
    several += (
        '# TYPE traefik_service_server_up gauge\ntraefik_service_server_up{service="blue-ready@file",url="x"} 1\n'
    )
    assert traefik.counters(several) == traefik.counters(METRICS)


def test_strange_metrics_refused():
    """Text that is no metrics is an error, and not a router that counted nothing."""
    with pytest.raises(TargetError, match="metrics cannot be read"):
        traefik.counters("<html>502 Bad Gateway</html>\n{")


def test_nothing_leaves_the_machine():
    """Traefik is told to ask nobody for newer versions and to send no statistics."""
    arguments = traefik.static_arguments("/routes", "127.0.0.1:8000", "127.0.0.1:8001")
    assert "--global.checknewversion=false" in arguments
    assert "--global.sendanonymoususage=false" in arguments
    addresses = [argument for argument in arguments if ".address=" in argument]
    assert all("=127.0.0.1:" in address for address in addresses)


def test_edges_are_seconds():
    """Traefik counts in the buckets in which the evidence is judged."""
    (buckets,) = [a for a in traefik.static_arguments("/r", "a", "b") if "buckets" in a]
    assert [float(edge) * 1000 for edge in buckets.partition("=")[2].split(",")] == pytest.approx(EDGES_MS)


def test_later_traffic_wins():
    """Of the two descriptions, which have different names, the one of the later generation is in force."""
    described = [
        traefik.traffic(generation, Routing({"blue": 100 - generation, "green": generation})) for generation in (8, 9)
    ]
    routers = [{"name": f"{name}@file", **router} for d in described for name, router in d["http"]["routers"].items()]
    assert len({router["name"] for router in routers}) == 4
    assert traefik.in_force(routers) == 9
    service = described[1]["http"]["services"][traefik.traffic_name(9)]
    assert traefik.weights_of(service) == {"blue": 91, "green": 9}


def test_foreign_routers_ignored():
    """Traefik's own routers say nothing of the traffic."""
    assert traefik.in_force([{"name": "api@internal", "priority": 9223372036854775806}]) == 0


def test_no_part_can_be_read():
    """What is written of a description is nothing until all of it is written."""
    text = json.dumps(traefik.traffic(1, Routing({"blue": 100})))
    for end in range(1, len(text)):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text[:end])


def test_copies_stand_before_the_traffic():
    """Copies are sent by a service before the one that shares, which is read back; without any there is none."""
    described = traefik.traffic(1, Routing({"blue": 100}, {"green": 20}))["http"]
    first = described["routers"]["traffic-1"]["service"]
    assert traefik.mirrored(described["services"][first]) == {"green": 20}
    assert described["services"][first]["mirroring"]["service"] == "traffic-1"
    assert traefik.weights_of(described["services"]["traffic-1"]) == {"blue": 100, "green": 0}
    routers = [{"name": f"{name}@file", **router} for name, router in described["routers"].items()]
    assert traefik.first_service(routers) == first
    assert traefik.first_service([]) == ""


def test_users_reach_no_answers():
    """The users' door is closed to what servers tell the rollout alone, for testers too."""
    routers = traefik.traffic(1, Routing({"blue": 100}, tested="blue"))["http"]["routers"]
    assert routers["traffic-1"]["rule"] == "PathPrefix(`/`) && !Path(`/answers`)"
    assert all(router["rule"].startswith("PathPrefix(`/`) && !Path(`/answers`)") for router in routers.values())


def listed(*described):
    """Return the routers of descriptions as the API lists them."""
    return [
        {"name": f"{name}@file", **router} for each in described for name, router in each["http"]["routers"].items()
    ]


def test_testers_have_their_own_service():
    """Testers reach one slot by a service that counts apart, above all traffic; the later generation's are in force."""
    old, new = (
        traefik.traffic(8, Routing({"blue": 100}, tested="blue")),
        traefik.traffic(9, Routing({"blue": 95, "green": 5}, tested="green")),
    )
    assert (traefik.tested(listed(old)), traefik.tested(listed(old, new))) == ("blue", "green")
    assert traefik.in_force(listed(old, new)) == 9
    router = new["http"]["routers"]["testers-1"]
    assert router["service"] == "tester-green"
    assert router["priority"] > old["http"]["routers"]["testers-0"]["priority"] > 9
    assert "Header(`X-Gatehouse-Version`, `candidate`)" in router["rule"]


def test_unnamed_testers_are_users():
    """Without a slot for testers the header means nothing, whatever it meant before."""
    old, new = (
        traefik.traffic(8, Routing({"blue": 100}, tested="green")),
        traefik.traffic(9, Routing({"blue": 100}, {"green": 20})),
    )
    assert traefik.tested(listed(old, new)) is None
    assert new["http"]["routers"]["testers-1"]["service"] == new["http"]["routers"]["traffic-1"]["service"]
    assert traefik.tested([]) is None


def test_testers_are_not_counted():
    """What a tester's request came to is no request of the slot; without a slot for testers they are users."""
    told = [traefik.traffic(1, Routing({"blue": 100}, tested=tested)) for tested in ("blue", None)]
    routers = [each["http"]["routers"]["testers-1"] for each in told]
    assert [router.get("observability") for router in routers] == [{"metrics": False}, None]


def cookie(generation, described):
    """Return the name of the cookie of a description."""
    return described["http"]["services"][traefik.traffic_name(generation)]["weighted"]["sticky"]["cookie"]["name"]


def test_cookie_lasts_as_long_as_its_versions():
    """The cookie is another one when a slot without traffic gets some, and the same until then."""
    known, names = [], []
    for green in (0, 5, 50, 50, 100, 100, 50, 0, 5):
        generation, described = traefik.following(known, Routing({"blue": 100 - green, "green": green}), sticky=True)
        known = [*known[-1:], described]
        names.append(cookie(generation, described))
    assert [int(name.removeprefix("gatehouse-")) for name in names] == [1, 2, 2, 2, 2, 2, 7, 7, 9]


def test_no_cookie_unless_asked():
    """Without sticky routing there is no cookie, and what one was set before is none any more."""
    _, sticky = traefik.following([], Routing({"blue": 100}), sticky=True)
    generation, plain = traefik.following([sticky], Routing({"blue": 100}))
    assert generation == 2
    assert "sticky" not in json.dumps(plain)
