"""The slots' servers as Traefik is told of them, as data: who shares a slot's requests, and who is asked by name.

A slot is a service. Of several servers each is asked for /readyz every second, and whoever fails FAILED times in a row
is passed by until it is ready: so a dead one costs users what it had begun and FAILED requests more. Traefik counts no
request for which it finds no server ready, and a slot that answers nothing must have errors: then all servers get them.
A single server is not asked: there is no other to send its requests to.

Traefik takes every answer from 500 on for a failure, the 503 of a server that sheds among them, and cannot be told
otherwise; one good answer in between makes it forget them. A server that sheds all the same is passed by until it is
asked the next time; where the others then shed too, all get the requests, so an overload costs no capacity.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatehouse.canary.counters import SLOTS, Slot

FILE = "servers.yml"
# The router's door for its counters, its settings, and the probes of each slot and server.
INTERNAL = "traefik"
# What a router says by whose requests no version is judged; and the services by which testers reach a slot.
UNCOUNTED, TESTER = {"metrics": False}, "tester-"
# Services of a slot: the servers that are ready, where there are several, and all of them. Both are always described,
# because Traefik forgets what a service counted once it is not.
READY, ALL = "-ready", "-all"
# A server that does not answer within `LATE` is as good as dead: /readyz says what is known without any work.
EVERY, LATE, FAILED, REMEMBERED = "1s", "2s", 2, "10s"
# An HTTP server closes a connection that idles (uvicorn after 5 s); a request on its way there would fail, and a POST
# cannot be repeated. So the router closes it first. A server that is silent for longer than `ANSWER` counts as failed.
IDLE, ANSWER, DIAL = "2s", "10s", "2s"
NAME = re.compile(rf"({'|'.join(SLOTS)})-\d+")


@dataclass(frozen=True)
class Servers:
    """The addresses (URLs) of those who share a slot's requests, and of each server by its name, such as blue-0."""

    sharing: Mapping[Slot, tuple[str, ...]] = field(default_factory=dict)
    doors: Mapping[str, str] = field(default_factory=dict)

    def of(self, slot: Slot) -> dict[str, str]:
        """Return the servers of one slot, by their names."""
        return {name: url for name, url in self.doors.items() if slot_of(name) == slot}

    def changed(self, slot: Slot, sharing: Sequence[str], doors: Mapping[str, str]) -> "Servers":
        """Return the servers after those of one slot have changed."""
        others = {name: url for name, url in self.doors.items() if slot_of(name) != slot}
        return Servers({**self.sharing, slot: tuple(sharing)}, {**others, **doors})


def names(slot: Slot, count: int) -> tuple[str, ...]:
    """Return what the servers of a slot are called."""
    return tuple(f"{slot}-{number}" for number in range(count))


def slot_of(name: str) -> str:
    """Return the slot of a server."""
    return name.rpartition("-")[0]


def describe(servers: Servers) -> dict[str, Any]:
    """Return the description of the slots' servers. A slot without any answers 503.

    What comes through the internal door, to a slot or to one server of it, is not counted, or it would dilute the
    evidence. Nothing here repeats a failed request: that would hide the errors that are to be judged.
    """
    services: dict[str, Any] = {}
    for slot in SLOTS:
        urls = servers.sharing.get(slot, ())
        services |= {f"{slot}{READY}": _checked(urls), f"{slot}{ALL}": _balanced(urls)}
        both = {"failover": {"service": f"{slot}{READY}", "fallback": f"{slot}{ALL}"}}
        services[slot] = both if len(urls) > 1 else _balanced(urls)
        services[f"{TESTER}{slot}"] = {"weighted": {"services": [{"name": slot, "weight": 1}]}}
    services |= {name: _balanced([url]) for name, url in servers.doors.items()}
    inside = (*SLOTS, *servers.doors)
    timeouts = {"dialTimeout": DIAL, "responseHeaderTimeout": ANSWER, "idleConnTimeout": IDLE}
    return {
        "http": {
            "routers": {f"probe-{name}": _probed(name) for name in inside},
            "middlewares": {f"probe-{name}": {"stripPrefix": {"prefixes": [f"/slots/{name}"]}} for name in inside},
            "services": services,
            "serversTransports": {"slots": {"forwardingTimeouts": timeouts}},
        }
    }


def known(services: Mapping[str, Any]) -> Servers:
    """Return the servers, from a description's services or from those that the router's API lists, by their names."""
    sharing = {slot: tuple(_urls(services.get(f"{slot}{ALL}", {}))) for slot in SLOTS}
    return Servers(sharing, {name: _urls(services[name])[0] for name in services if NAME.fullmatch(name)})


def counted_as(slot: Slot) -> tuple[str, ...]:
    """Return the services that count a slot's requests."""
    return slot, f"{slot}{READY}", f"{slot}{ALL}"


def _balanced(urls: Sequence[str]) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url} for url in urls], "serversTransport": "slots"}}


def _checked(urls: Sequence[str]) -> dict[str, Any]:
    described = _balanced(urls)
    described["loadBalancer"] |= {
        "healthCheck": {"path": "/readyz", "interval": EVERY, "timeout": LATE},
        "passiveHealthCheck": {"failureWindow": REMEMBERED, "maxFailedAttempts": FAILED},
    }
    return described


def _probed(name: str) -> dict[str, Any]:
    return {
        "rule": f"PathPrefix(`/slots/{name}/`)",
        "entryPoints": [INTERNAL],
        "service": name,
        "middlewares": [f"probe-{name}"],
        "priority": 1000,
        "observability": UNCOUNTED,
    }


def _urls(service: Mapping[str, Any]) -> list[str]:
    return [server["url"] for server in service.get("loadBalancer", {}).get("servers") or []]
