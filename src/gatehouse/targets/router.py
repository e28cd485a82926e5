"""Asking a running Traefik, through its internal door."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gatehouse.canary.counters import SLOTS, Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.errors import TargetError
from gatehouse.targets import recalled, server_metrics, servers, traefik, waiting
from gatehouse.targets.servers import Servers
from gatehouse.targets.tally import Tally

# The router is on this machine, or its door is brought here, so no proxy stands between, whatever the environment says.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ANSWER_SECONDS = 5.0
# How long a new description may take to be in force; it is a tenth of a second in practice.
CHANGE_SECONDS = 10.0


class Router:
    """A running Traefik whose internal door is at `address`, an URL."""

    def __init__(self, address: str) -> None:
        self.address = address

    def alive(self) -> bool:
        """Tell whether the router answers."""
        return self._answers("/ping")

    def ready(self, name: str) -> bool:
        """Tell whether a server, or any of a slot, says that it is ready, asked through the router."""
        return self._answers(f"/slots/{name}/readyz")

    def door(self, slot: Slot) -> str:
        """Return the address below which a server of a slot that is ready is asked, whatever the slot's weight."""
        return f"{self.address}/slots/{slot}"

    def servers(self) -> Servers:
        """Return the servers that the router knows."""
        listed = self._json("/api/http/services?per_page=1000")
        return servers.known({service["name"].partition("@")[0]: service for service in listed})

    def generation(self) -> int:
        """Return the generation of the traffic in force; 0 when there is none."""
        return traefik.in_force(self._json("/api/http/routers?per_page=1000"))

    def routing(self) -> Routing:
        """Return how the requests are shared now."""
        routers = self._json("/api/http/routers?per_page=1000")
        generation = traefik.in_force(routers)
        if generation == 0:
            raise TargetError(f"The router at {self.address} has no traffic to share: it was not set up by Gatehouse.")
        weights = traefik.weights_of(self._service(traefik.traffic_name(generation)))
        first = traefik.first_service(routers)
        copied = traefik.mirrored(self._service(first)) if first.endswith(traefik.MIRRORED) else {}
        return Routing(weights, copied, traefik.tested(routers))

    def counters(self, tally: Tally) -> tuple[dict[Slot, Counters], Tally]:
        """Return what the router has counted of each slot, and what its servers have predicted, as the tally adds up.

        The router goes on counting when a server begins anew. A server that does not answer has what it said before.
        """
        counted, found = traefik.counters(self._get("/metrics").decode()), self.servers()
        told = self._each(found.doors, "/metrics")
        looked: dict[Slot, dict[str, Counters]] = {slot: {} for slot in SLOTS}
        for slot in SLOTS:
            for name, url in found.of(slot).items():
                before = tally.seen.get(slot, {}).get(url)
                if name in told:
                    with suppress(TargetError):
                        before = Counters(predictions=server_metrics.predictions(told[name]))
                if before is not None:
                    looked[slot][url] = before
        tally = tally.look(looked)
        totals = tally.totals()
        return {slot: replace(counted[slot], predictions=totals[slot].predictions) for slot in SLOTS}, tally

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what each server of a slot remembers of its answers; nothing of one that does not say so at once."""
        found = []
        with suppress(TargetError):
            for text in self._each(self.servers().of(slot), recalled.PATH).values():
                with suppress(TargetError):
                    found.append(recalled.read(text))
        return tuple(found)

    def await_weights(self, generation: int, weights: Mapping[Slot, int]) -> None:
        """Return when the router shares the traffic as this generation says. Raises TargetError when it does not."""
        wanted = {slot: share for slot, share in weights.items() if share}

        def in_force() -> bool:
            # The generation alone is asked for again and again: every answer costs the router some of the users' time.
            if self.generation() != generation:
                return False
            return {slot: share for slot, share in self.routing().weights.items() if share} == wanted

        waiting.until(
            in_force, CHANGE_SECONDS, f"The router at {self.address} did not take the weights {dict(weights)}"
        )

    def await_servers(self, wanted: Servers) -> None:
        """Return when the router knows just these servers. Raises TargetError when it does not."""
        failure = f"The router at {self.address} did not take the servers {dict(wanted.doors)}"
        waiting.until(lambda: self.servers() == wanted, CHANGE_SECONDS, failure)

    def _each(self, names: Iterable[str], path: str) -> dict[str, str]:
        """Return what servers answer to a path, all asked at once; nothing of those that do not at once."""

        def ask(name: str) -> str:
            try:
                return self._get(f"/slots/{name}{path}", server_metrics.SECONDS).decode()
            except (TargetError, UnicodeDecodeError):
                return ""

        asked = list(names)
        with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
            told = dict(zip(asked, pool.map(ask, asked), strict=True))
        return {name: text for name, text in told.items() if text}

    def _answers(self, path: str) -> bool:
        try:
            self._get(path)
        except TargetError:
            return False
        return True

    def _service(self, name: str) -> Any:
        return self._json(f"/api/http/services/{name}@file")

    def _json(self, path: str) -> Any:
        return json.loads(self._get(path))

    def _get(self, path: str, seconds: float = ANSWER_SECONDS) -> bytes:
        try:
            with OPENER.open(self.address + path, timeout=seconds) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            raise TargetError(f"The router answered {error.code} to {self.address}{path}.") from error
        except (OSError, http.client.HTTPException) as error:
            raise TargetError(f"The router does not answer at {self.address}{path}: {error}.") from error
