"""Asking a gateway what it does, as its users do: by requests."""

import http.client
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from gatehouse.canary.counters import Slot
from gatehouse.errors import SilenceError
from gatehouse.targets import route

ANSWER_SECONDS = 5.0


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it is the answer."""

    def redirect_request(self, *about: Any) -> None:
        """Ask nowhere else."""


OPENER = urllib.request.build_opener(Stay)


class Gateway:
    """A gateway that users reach at `address`, an URL."""

    def __init__(self, address: str) -> None:
        self.address = address

    def has(self, mark: str) -> bool:
        """Tell whether the description of the traffic with this mark is in force."""
        _, location = self._ask(route.MARK)
        return urlsplit(location).hostname == mark + route.NOWHERE

    def ready(self, slot: Slot) -> bool:
        """Tell whether the gateway reaches a server in a slot that says that it is ready."""
        return self._ask(route.probe(slot))[0] == http.HTTPStatus.OK

    def _ask(self, path: str) -> tuple[int, str]:
        """Return a status, and where a redirect leads."""
        try:
            with OPENER.open(self.address + path, timeout=ANSWER_SECONDS) as answer:
                return int(answer.status), ""
        except urllib.error.HTTPError as error:
            with error:
                return error.code, str(error.headers.get("Location", ""))
        except (OSError, http.client.HTTPException) as error:
            raise SilenceError(
                f"The gateway does not answer at {self.address}: {error}. Set [kubernetes] url to where users reach it."
            ) from error
