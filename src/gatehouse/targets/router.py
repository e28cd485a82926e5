"""Asking a running Traefik, through its internal door."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gatehouse.canary.counters import Counters, Predicted, Slot
from gatehouse.canary.shadow import Recalled
from gatehouse.errors import TargetError
from gatehouse.targets import recalled, server_metrics, traefik, waiting

# The router is on this machine, so no proxy stands between, whatever the environment says.
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

    def ready(self, slot: Slot) -> bool:
        """Tell whether the server in a slot says that it is ready, asked through the router."""
        return self._answers(f"/slots/{slot}/readyz")

    def door(self, slot: Slot) -> str:
        """Return the address below which the server in a slot is asked, whatever its weight."""
        return f"{self.address}/slots/{slot}"

    def serves(self, slot: Slot, url: str) -> bool:
        """Tell whether the router sends a slot's requests to `url`."""
        try:
            service = self._json(f"/api/http/services/{slot}@file")
        except TargetError:
            return False
        return bool(service["loadBalancer"].get("servers") == [{"url": url}])

    def generation(self) -> int:
        """Return the generation of the traffic in force; 0 when there is none."""
        return traefik.in_force(self._json("/api/http/routers?per_page=1000"))

    def weights(self) -> dict[Slot, int]:
        """Return the weights in force."""
        generation = self.generation()
        if generation == 0:
            raise TargetError(f"The router at {self.address} has no traffic to share: it was not set up by Gatehouse.")
        return traefik.weights(self._json(f"/api/http/services/{traefik.traffic_name(generation)}@file"))

    def mirrored(self) -> dict[Slot, int]:
        """Return the percent of the requests of which copies are sent, by slot."""
        first = traefik.first_service(self._json("/api/http/routers?per_page=1000"))
        if not first.endswith(traefik.MIRRORED):
            return {}
        return traefik.mirrored(self._json(f"/api/http/services/{first}@file"))

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot, and what the server in it says of its predictions."""
        counted = traefik.counters(self._get("/metrics").decode())
        return {slot: replace(found, predictions=self.predictions(slot)) for slot, found in counted.items()}

    def predictions(self, slot: Slot) -> Predicted:
        """Return what the server in a slot says of its predictions; nothing when it does not answer at once."""
        try:
            return server_metrics.predictions(self._get(f"/slots/{slot}/metrics", server_metrics.SECONDS).decode())
        except (TargetError, UnicodeDecodeError):
            return {}

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what the server in a slot remembers of its answers; nothing when it does not say so at once."""
        try:
            told = self._get(f"/slots/{slot}{recalled.PATH}", server_metrics.SECONDS).decode()
            return (recalled.read(told),)
        except (TargetError, UnicodeDecodeError):
            return ()

    def await_weights(self, generation: int, weights: Mapping[Slot, int]) -> None:
        """Return when the router shares the traffic as this generation says. Raises TargetError when it does not."""
        wanted = {slot: share for slot, share in weights.items() if share}

        def in_force() -> bool:
            # The generation alone is asked for again and again: every answer costs the router some of the users' time.
            if self.generation() != generation:
                return False
            return {slot: share for slot, share in self.weights().items() if share} == wanted

        waiting.until(
            in_force, CHANGE_SECONDS, f"The router at {self.address} did not take the weights {dict(weights)}"
        )

    def _answers(self, path: str) -> bool:
        try:
            self._get(path)
        except TargetError:
            return False
        return True

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
