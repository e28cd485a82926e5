"""The HTTPRoute in front of the two slots, as data: what the gateway is told, and what it says of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from gatehouse.canary.counters import SLOTS, Slot
from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.targets import testers

NAME = "gatehouse"
API, KIND = "gateway.networking.k8s.io/v1", "HTTPRoute"
PORT = 8000
# Below it the gateway answers for us: which description of the traffic is in force, and whether it reaches a slot.
OURS = "/.gatehouse"
MARK = f"{OURS}/route"
# The slot that gets a copy of a request, told to the proxy beside the server: few gateways can send copies themselves.
SHADOW = "X-Gatehouse-Shadow"
# A name that never resolves (RFC 6761): nobody shall follow the redirect that carries the mark.
NOWHERE = ".invalid"


def server(slot: Slot) -> str:
    """Return the name of a slot's Deployment and Service."""
    return f"{NAME}-{slot}"


def probe(slot: Slot) -> str:
    """Return the path that asks through the gateway whether a slot is ready; below it, the slot's server answers."""
    return f"{OURS}/{slot}"


def description(routing: Routing, mark: str) -> dict[str, Any]:
    """Return the HTTPRoute as the rollout owns it: its rules, and nothing else.

    A gateway takes all rules of a route at once. So one that answers with `mark` (by a redirect, which needs no server)
    has the weights too; what the API server holds is only what the gateway was told. No client can ask for a copy.
    Testers are told apart by their header here and again by the proxy beside the server, which counts.
    """
    shared = [{**_backend(slot), "weight": routing.weights.get(slot, 0)} for slot in SLOTS]
    redirect = {"hostname": f"{mark}{NOWHERE}", "statusCode": 302}
    marked = {**_match("Exact", MARK), "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}
    probes = [{**_match("PathPrefix", probe(slot)), "backendRefs": [_backend(slot)]} for slot in SLOTS]
    users = {**_match("PathPrefix", "/"), "filters": [_copied(routing.mirrored)], "backendRefs": shared}
    found = [_for_testers(routing.tested)] if routing.tested else []
    rules = [marked, *probes, *found, users]
    return {"apiVersion": API, "kind": KIND, "metadata": {"name": NAME}, "spec": {"rules": rules}}


def routing(route: Mapping[str, Any]) -> Routing:
    """Return how a route shares the requests; weights of zero before the first were set. The proxies copy all of them.

    Raises TargetError when its gateway refuses it: then what the route says is not what users get.
    """
    for parent in route.get("status", {}).get("parents", []):
        for condition in parent["conditions"]:
            if condition["type"] in ("Accepted", "ResolvedRefs") and condition["status"] == "False":
                said = condition.get("message") or condition["reason"]
                raise TargetError(f"The gateway '{parent['parentRef']['name']}' refuses the route '{NAME}': {said}.")
    users = route["spec"].get("rules", [{}])[-1]
    found = {backend["name"]: int(backend.get("weight", 1)) for backend in users.get("backendRefs", [])}
    weights = {slot: found.get(server(slot), 0) for slot in SLOTS}
    return Routing(weights, _mirrored(users.get("filters", [])), _tested(route))


def _mirrored(filters: Iterable[Mapping[str, Any]]) -> dict[Slot, int]:
    told = [each for item in filters for each in item.get("requestHeaderModifier", {}).get("set", [])]
    found = [each["value"].partition("-") for each in told if each["name"] == SHADOW]
    return {slot: int(share) for slot in SLOTS for name, _, share in found if name == slot}


def _tested(route: Mapping[str, Any]) -> Slot | None:
    rules = (rule for rule in route["spec"].get("rules", []) for match in rule.get("matches", []) if "headers" in match)
    found = {backend["name"] for rule in rules for backend in rule["backendRefs"]}
    return next((slot for slot in SLOTS if server(slot) in found), None)


def marked(route: Mapping[str, Any]) -> bool:
    """Tell whether a route has rules of the rollout."""
    return any(_path(rule) == MARK for rule in route["spec"].get("rules", []))


def address(route: Mapping[str, Any], gateway: Mapping[str, Any]) -> str:
    """Return the URL at which a gateway serves a route. Raises TargetError when it has no address yet."""
    found = [item["value"] for item in gateway.get("status", {}).get("addresses", [])]
    hosts = [host for host in route["spec"].get("hostnames", []) if "*" not in host]
    if not found:
        raise TargetError(f"The Gateway '{gateway['metadata']['name']}' has no address: set [kubernetes] url.")
    section = route["spec"]["parentRefs"][0].get("sectionName")
    listeners = [each for each in gateway["spec"]["listeners"] if section in (None, each["name"])]
    listener = min(listeners, key=lambda each: each["protocol"] != "HTTPS") if listeners else {"port": 80}
    scheme = "https" if listener.get("protocol") == "HTTPS" else "http"
    return f"{scheme}://{(hosts or found)[0]}:{listener['port']}"


def _match(kind: str, path: str) -> dict[str, Any]:
    return {"matches": [{"path": {"type": kind, "value": path}}]}


def _for_testers(slot: Slot) -> dict[str, Any]:
    header = {"type": "Exact", "name": testers.HEADER, "value": testers.CANDIDATE}
    match = {"path": {"type": "PathPrefix", "value": "/"}, "headers": [header]}
    return {"matches": [match], "filters": [_copied({})], "backendRefs": [_backend(slot)]}


def _copied(mirrored: Mapping[Slot, int]) -> dict[str, Any]:
    """Return the filter that says which slot gets copies, whatever a client said."""
    told = [{"name": SHADOW, "value": f"{slot}-{share}"} for slot, share in mirrored.items()]
    change: dict[str, Any] = {"set": told} if told else {"remove": [SHADOW]}
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": change}


def _path(rule: Mapping[str, Any]) -> str:
    return str(next((match["path"]["value"] for match in rule.get("matches", []) if "path" in match), ""))


def _backend(slot: Slot) -> dict[str, Any]:
    return {"name": server(slot), "port": PORT}
