"""Traefik's settings and answers, as data: what it is told, and what it says it does and has counted.

Two files describe the two slots' servers and the traffic. The traffic's description alternates between two names, and
the newer one wins by its priority: a file that is replaced is not the one in force, so an empty or half-written file
cannot cost a request. They hold JSON, which is YAML too, and of which no part but the whole can be read.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gatehouse.canary.counters import EDGES_MS, SLOTS, Counters, Slot
from gatehouse.errors import TargetError
from gatehouse.targets import recalled

# The router's two doors: the users' one, and the one for its counters, its settings and the probes of each slot.
USERS, INTERNAL = "users", "traefik"
SERVERS = "servers.yml"
TRAFFIC = ("traffic-0", "traffic-1")
# The service before that of the traffic where copies are sent, and the largest body of a copy: what a server takes.
MIRRORED, LARGEST = "-mirrored", 4 * 2**20
# Everything but what servers tell the rollout alone.
FOR_USERS = f"PathPrefix(`/`) && !Path(`{recalled.PATH}`)"
# An HTTP server closes a connection that idles (uvicorn after 5 s); a request on its way there would fail, and a POST
# cannot be repeated. So the router closes it first. A server that is silent for longer than `ANSWER` counts as failed.
IDLE, ANSWER, DIAL = "2s", "10s", "2s"
CLIENT_GONE = "499"
# Answered, but by the fallback of a model that failed: an error, for whoever judges the model.
FALLBACK = "203"


def static_arguments(directory: str, users: str, internal: str) -> list[str]:
    """Return the arguments of a Traefik that reads its traffic from `directory`; the others are addresses, host:port.

    It checks no versions and sends no statistics: nothing leaves the machine.
    """
    edges = ",".join(f"{edge / 1000:g}" for edge in EDGES_MS)
    return [
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.level=WARN",
        f"--entrypoints.{USERS}.address={users}",
        f"--entrypoints.{INTERNAL}.address={internal}",
        "--api.insecure=true",
        "--api.dashboard=false",
        "--ping=true",
        "--metrics.prometheus=true",
        f"--metrics.prometheus.buckets={edges}",
        f"--providers.file.directory={directory}",
        "--providers.file.watch=true",
        "--providers.providersthrottleduration=50ms",
    ]


def servers(urls: Mapping[Slot, str]) -> dict[str, Any]:
    """Return the description of the slots' servers: one service for the traffic of each, and one to probe it.

    A slot without an URL answers 503.

    Probes come through the internal door and are counted apart, or they would dilute the evidence. Nothing here
    repeats a failed request or takes a failing server out: that would hide the errors that are to be judged.
    """
    services = {slot: _server(urls.get(slot)) for slot in SLOTS}
    routers = {
        f"probe-{slot}": {
            "rule": f"PathPrefix(`/slots/{slot}/`)",
            "entryPoints": [INTERNAL],
            "service": f"probe-{slot}",
            "middlewares": [f"probe-{slot}"],
            "priority": 1000,
        }
        for slot in SLOTS
    }
    timeouts = {"dialTimeout": DIAL, "responseHeaderTimeout": ANSWER, "idleConnTimeout": IDLE}
    return {
        "http": {
            "routers": routers,
            "middlewares": {f"probe-{slot}": {"stripPrefix": {"prefixes": [f"/slots/{slot}"]}} for slot in SLOTS},
            "services": {**services, **{f"probe-{slot}": service for slot, service in services.items()}},
            "serversTransports": {"slots": {"forwardingTimeouts": timeouts}},
        }
    }


def traffic(generation: int, weights: Mapping[Slot, int], mirrored: Mapping[Slot, int] | None = None) -> dict[str, Any]:
    """Return the description of the traffic; of two, the one of the later generation (from 1) is in force.

    A copy is sent when the request has been answered; it is counted like any request of the slot that gets it.
    """
    name = traffic_name(generation)
    weighted = [{"name": slot, "weight": weights.get(slot, 0)} for slot in SLOTS]
    services: dict[str, Any] = {name: {"weighted": {"services": weighted}}}
    first = name
    if mirrored:
        copies = [{"name": slot, "percent": share} for slot, share in mirrored.items()]
        first = f"{name}{MIRRORED}"
        services[first] = {"mirroring": {"service": name, "maxBodySize": LARGEST, "mirrors": copies}}
    router = {"rule": FOR_USERS, "entryPoints": [USERS], "service": first, "priority": generation}
    return {"http": {"routers": {name: router}, "services": services}}


def traffic_name(generation: int) -> str:
    """Return the name of a generation's router, service and file (without `.yml`)."""
    return TRAFFIC[generation % len(TRAFFIC)]


def in_force(routers: Iterable[Mapping[str, Any]]) -> int:
    """Return the generation of the traffic in force, from the API's list of routers; 0 when there is none."""
    ours = [int(router["priority"]) for router in routers if router["name"].partition("@")[0] in TRAFFIC]
    return max(ours, default=0)


def first_service(routers: Iterable[Mapping[str, Any]]) -> str:
    """Return the service that the traffic in force meets first, from the API's list of routers; "" without any."""
    ours = [router for router in routers if router["name"].partition("@")[0] in TRAFFIC]
    return str(max(ours, key=lambda router: int(router["priority"]))["service"]) if ours else ""


def mirrored(service: Mapping[str, Any]) -> dict[Slot, int]:
    """Return the percent of the requests of which a service sends copies, by slot, from the API's answer."""
    return {item["name"].partition("@")[0]: int(item["percent"]) for item in service["mirroring"]["mirrors"]}


def weights(service: Mapping[str, Any]) -> dict[Slot, int]:
    """Return the weights of a weighted service, from the API's answer."""
    found = {item["name"].partition("@")[0]: int(item.get("weight", 1)) for item in service["weighted"]["services"]}
    return {slot: found.get(slot, 0) for slot in SLOTS}


def counters(metrics: str) -> dict[Slot, Counters]:
    """Return the counters of each slot from Traefik's metrics. Raises TargetError when the text is none."""
    samples = _samples(metrics)
    return {slot: _counted(slot, samples) for slot in SLOTS}


def counted(metrics: str, service: str) -> Counters:
    """Return the counters of one service from Traefik's metrics. Raises TargetError when the text is none."""
    return _counted(service, _samples(metrics))


def _samples(metrics: str) -> list[Any]:
    try:
        return [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    except ValueError as error:
        raise TargetError(f"The router's metrics cannot be read: {error}.") from error


def _counted(service: str, samples: Iterable[Any]) -> Counters:
    requests = errors = abandoned = refused = 0
    latency = dict.fromkeys(EDGES_MS, 0)
    for sample in samples:
        if sample.labels.get("service", "").partition("@")[0] != service:
            continue
        code, value = sample.labels["code"], int(sample.value)
        if sample.name == "traefik_service_requests_total":
            requests += value
            errors += value if code.startswith("5") or code == FALLBACK else 0
            abandoned += value if code == CLIENT_GONE else 0
            refused += value if code.startswith("4") and code != CLIENT_GONE else 0
        elif sample.name == "traefik_service_request_duration_seconds_bucket" and sample.labels["le"] != "+Inf":
            edge = round(float(sample.labels["le"]) * 1000, 6)
            latency[edge] = latency.get(edge, 0) + value
    return Counters(requests, errors, abandoned, latency, refused)


def _server(url: str | None) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url}] if url else [], "serversTransport": "slots"}}
