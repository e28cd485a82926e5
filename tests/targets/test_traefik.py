import json

import pytest

from gatehouse.canary.counters import EDGES_MS
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


def test_errors_are_not_hidden():
    """No retry, health check or fallback stands between the router and a failing server."""
    text = json.dumps([traefik.servers({"blue": "http://127.0.0.1:1"}), traefik.traffic(1, {"blue": 100})])
    assert not any(word in text.lower() for word in ("retry", "healthcheck", "failover", "circuitbreaker"))


def test_later_traffic_wins():
    """Of the two descriptions, which have different names, the one of the later generation is in force."""
    described = [traefik.traffic(generation, {"blue": 100 - generation, "green": generation}) for generation in (8, 9)]
    routers = [{"name": f"{name}@file", **router} for d in described for name, router in d["http"]["routers"].items()]
    assert len({router["name"] for router in routers}) == 2
    assert traefik.in_force(routers) == 9
    service = described[1]["http"]["services"][traefik.traffic_name(9)]
    assert traefik.weights(service) == {"blue": 91, "green": 9}


def test_foreign_routers_ignored():
    """Traefik's own routers say nothing of the traffic."""
    assert traefik.in_force([{"name": "api@internal", "priority": 9223372036854775806}]) == 0


def test_no_part_can_be_read():
    """What is written of a description is nothing until all of it is written."""
    text = json.dumps(traefik.traffic(1, {"blue": 100}))
    for end in range(1, len(text)):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text[:end])


def test_empty_slot_has_no_server():
    """A slot where nothing was started is described, so that the weights can name it."""
    services = traefik.servers({"blue": "http://127.0.0.1:1"})["http"]["services"]
    assert services["green"]["loadBalancer"]["servers"] == []
    assert set(services) == {"blue", "green", "probe-blue", "probe-green"}


def test_copies_stand_before_the_traffic():
    """Copies are sent by a service before the one that shares, which is read back; without any there is none."""
    described = traefik.traffic(1, {"blue": 100}, {"green": 20})["http"]
    first = described["routers"]["traffic-1"]["service"]
    assert traefik.mirrored(described["services"][first]) == {"green": 20}
    assert described["services"][first]["mirroring"]["service"] == "traffic-1"
    assert traefik.weights(described["services"]["traffic-1"]) == {"blue": 100, "green": 0}
    routers = [{"name": f"{name}@file", **router} for name, router in described["routers"].items()]
    assert traefik.first_service(routers) == first
    assert traefik.first_service([]) == ""


def test_users_reach_no_answers():
    """The users' door is closed to what servers tell the rollout alone."""
    rule = traefik.traffic(1, {"blue": 100})["http"]["routers"]["traffic-1"]["rule"]
    assert rule == "PathPrefix(`/`) && !Path(`/answers`)"
