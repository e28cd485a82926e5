"""Traefik's settings and answers, as data: what it is told, and what it says it does and has counted.

One file describes the two slots' servers, one the router's certificate. The traffic's description alternates between
two more, and the newer one wins by its priority: the file that is replaced is not the one in force, so an empty or
half-written one cannot cost a request. They hold JSON, which is YAML too, and of which only the whole can be read.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gatehouse.canary.counters import EDGES_MS, SLOTS, Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.targets import recalled, servers, testers

# The users' door.
USERS = "users"
TRAFFIC = ("traffic-0", "traffic-1")
# The routers of testers' requests, each beside one of the traffic, and above both of these.
TESTERS = ("testers-0", "testers-1")
ABOVE = 1_000_000_000
# The cookie of a client that stays with its version begins so.
COOKIE = "gatehouse-"
# The service before that of the traffic where copies are sent, and the largest body of a copy: what a server takes.
MIRRORED, LARGEST = "-mirrored", 4 * 2**20
# Everything but what servers tell the rollout alone.
FOR_USERS = f"PathPrefix(`/`) && !Path(`{recalled.PATH}`)"
FOR_TESTERS = f"{FOR_USERS} && Header(`{testers.HEADER}`, `{testers.CANDIDATE}`)"
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
        f"--entrypoints.{servers.INTERNAL}.address={internal}",
        "--api.insecure=true",
        "--api.dashboard=false",
        "--ping=true",
        "--metrics.prometheus=true",
        f"--metrics.prometheus.buckets={edges}",
        f"--providers.file.directory={directory}",
        "--providers.file.watch=true",
        "--providers.providersthrottleduration=50ms",
    ]


def traffic(generation: int, routing: Routing, cookie: str = "") -> dict[str, Any]:
    """Return the description of the traffic; of two, the one of the later generation (from 1) is in force.

    A client that sends the `cookie` back stays in its slot as long as that has weight, and without weight Traefik does
    not even know it by the cookie. Whether users come by HTTPS is not known here, so the cookie is not kept to that: it
    holds a slot's name and nothing else.

    A copy is sent when the request has been answered; it is counted like any request of the slot that gets it. Nobody
    gets a copy of a tester's.
    """
    name = traffic_name(generation)
    weighted = [{"name": slot, "weight": routing.weights.get(slot, 0)} for slot in SLOTS]
    shared: dict[str, Any] = {"services": weighted}
    if cookie:
        shared["sticky"] = {"cookie": {"name": cookie, "httpOnly": True, "sameSite": "lax"}}
    services: dict[str, Any] = {name: {"weighted": shared}}
    first = name
    if routing.mirrored:
        copies = [{"name": slot, "percent": share} for slot, share in routing.mirrored.items()]
        first = f"{name}{MIRRORED}"
        services[first] = {"mirroring": {"service": name, "maxBodySize": LARGEST, "mirrors": copies}}
    router = {"rule": FOR_USERS, "entryPoints": [USERS], "service": first, "priority": generation}
    # Always there, or the testers of the generation before would be in force.
    of_testers = {**router, "rule": FOR_TESTERS, "priority": ABOVE + generation}
    if routing.tested:
        of_testers |= {"service": f"{servers.TESTER}{routing.tested}", "observability": servers.UNCOUNTED}
    return {"http": {"routers": {name: router, testers_name(generation): of_testers}, "services": services}}


def following(
    described: Iterable[Mapping[str, Any]], routing: Routing, *, sticky: bool = False
) -> tuple[int, dict[str, Any]]:
    """Return the generation after those that are described, and the description of its traffic.

    With `sticky` a client stays in its slot. What runs there changes only while it has no traffic: so where a slot gets
    some again the cookie has a new name, and all clients are drawn anew. Else those that met the version before, and
    did not come back since, would all meet a canary at once, and those of the stable version never.
    """
    before = max(described, key=_generation, default={})
    generation = _generation(before) + 1
    cookie = f"{COOKIE}{generation}"
    if before:
        service = before["http"]["services"][traffic_name(generation - 1)]
        had, known = weights_of(service), service["weighted"].get("sticky", {}).get("cookie", {}).get("name", "")
        fresh = any(share and not had[slot] for slot, share in routing.weights.items())
        cookie = known if known and not fresh else cookie
    return generation, traffic(generation, routing, cookie if sticky else "")


def _generation(described: Mapping[str, Any]) -> int:
    routers = described.get("http", {}).get("routers", {})
    return in_force({"name": name, **router} for name, router in routers.items())


def traffic_name(generation: int) -> str:
    """Return the name of a generation's router, service and file (without `.yml`)."""
    return TRAFFIC[generation % len(TRAFFIC)]


def testers_name(generation: int) -> str:
    """Return the name of the router of a generation's testers."""
    return TESTERS[generation % len(TESTERS)]


def in_force(routers: Iterable[Mapping[str, Any]]) -> int:
    """Return the generation of the traffic in force, from the API's list of routers; 0 when there is none."""
    ours = [int(router["priority"]) for router in routers if router["name"].partition("@")[0] in TRAFFIC]
    return max(ours, default=0)


def first_service(routers: Iterable[Mapping[str, Any]]) -> str:
    """Return the service that the traffic in force meets first, from the API's list of routers; "" without any."""
    ours = [router for router in routers if router["name"].partition("@")[0] in TRAFFIC]
    return str(max(ours, key=lambda router: int(router["priority"]))["service"]) if ours else ""


def tested(routers: Iterable[Mapping[str, Any]]) -> Slot | None:
    """Return the slot that testers reach, from the API's list of routers; None where they are like any other."""
    ours = [router for router in routers if router["name"].partition("@")[0] in TESTERS]
    service = max(ours, key=lambda router: int(router["priority"]))["service"].partition("@")[0] if ours else ""
    return next((slot for slot in SLOTS if service == f"{servers.TESTER}{slot}"), None)


def mirrored(service: Mapping[str, Any]) -> dict[Slot, int]:
    """Return the percent of the requests of which a service sends copies, by slot, from the API's answer."""
    return {item["name"].partition("@")[0]: int(item["percent"]) for item in service["mirroring"]["mirrors"]}


def weights_of(service: Mapping[str, Any]) -> dict[Slot, int]:
    """Return the weights of a weighted service, from the API's answer."""
    found = {item["name"].partition("@")[0]: int(item.get("weight", 1)) for item in service["weighted"]["services"]}
    return {slot: found.get(slot, 0) for slot in SLOTS}


def counters(metrics: str) -> dict[Slot, Counters]:
    """Return the counters of each slot from Traefik's metrics. Raises TargetError when the text is none."""
    samples = _samples(metrics)
    return {slot: _counted(servers.counted_as(slot), samples) for slot in SLOTS}


def counted(metrics: str, service: str) -> Counters:
    """Return the counters of one service from Traefik's metrics. Raises TargetError when the text is none."""
    return _counted((service,), _samples(metrics))


def _samples(metrics: str) -> list[Any]:
    try:
        return [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    except ValueError as error:
        raise TargetError(f"The router's metrics cannot be read: {error}.") from error


def _counted(services: tuple[str, ...], samples: Iterable[Any]) -> Counters:
    requests = errors = abandoned = refused = 0
    latency = dict.fromkeys(EDGES_MS, 0)
    for sample in samples:
        if sample.labels.get("service", "").partition("@")[0] not in services:
            continue
        code, value = sample.labels.get("code", ""), int(sample.value)
        if sample.name == "traefik_service_requests_total":
            requests += value
            errors += value if code.startswith("5") or code == FALLBACK else 0
            abandoned += value if code == CLIENT_GONE else 0
            refused += value if code.startswith("4") and code != CLIENT_GONE else 0
        elif sample.name == "traefik_service_request_duration_seconds_bucket" and sample.labels["le"] != "+Inf":
            edge = round(float(sample.labels["le"]) * 1000, 6)
            latency[edge] = latency.get(edge, 0) + value
    return Counters(requests, errors, abandoned, latency, refused)
