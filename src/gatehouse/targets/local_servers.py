"""The servers of the laptop's target: processes of this machine, each with a port that it chose itself."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gatehouse.canary.counters import Slot
from gatehouse.config import Config
from gatehouse.release import Release
from gatehouse.targets import ports, server_environment, servers
from gatehouse.targets.local_router import LocalRouter
from gatehouse.targets.processes import Processes
from gatehouse.targets.servers import Servers

Command = Callable[[Release], Sequence[str]]


class LocalServers:
    """Servers among a folder's processes; `command` is given `--port 0 --port-file FILE`."""

    def __init__(self, config: Config, processes: Processes, router: LocalRouter, command: Command) -> None:
        self.config = config
        self.processes = processes
        self.router = router
        self.command = command

    def known(self, slot: Slot) -> list[str]:
        """Return the servers of a slot that were ever started."""
        return [name for name in self.processes.names() if servers.slot_of(name) == slot]

    def serves(self, name: str, release: Release) -> bool:
        """Tell whether a server is ready, and of this release."""
        return self._runs(name, release) and self.router.inside.ready(name)

    def loads(self, name: str, release: Release) -> bool:
        """Tell whether a server of this release was begun so lately that it may still get ready."""
        age = time.time() - self.processes.about(name).get("at", 0.0)
        return self._runs(name, release) and 0 <= age < self.config.rollout.start_seconds

    def launch(self, name: str, release: Release) -> None:
        """Start a server's process."""
        port = self._port_file(name)
        port.unlink(missing_ok=True)
        command = [*self.command(release), "--port", "0", "--port-file", str(port)]
        facts = {"release": release.to_dict(), "at": time.time()}
        self.processes.start(name, command, environment(self.config, release), **facts)

    def url(self, name: str) -> str:
        """Return the address of a server, once it listens."""
        port = self._port_file(name)
        self._wait(name, port.exists, "listen")
        return f"http://{ports.HOST}:{port.read_text().strip()}"

    def await_ready(self, name: str) -> None:
        """Return when a server is ready."""
        router = self.router.inside
        self._wait(name, lambda: router.ready(name), "get ready")

    def end(self, names: Iterable[str]) -> None:
        """Drain servers and stop them, all at the same time."""
        seconds, ending = self.config.rollout.drain_seconds, list(names)
        with ThreadPoolExecutor(max_workers=max(1, len(ending))) as pool:
            list(pool.map(lambda name: self.processes.stop(name, seconds), ending))

    def described(self) -> Servers:
        """Return the servers that the router was told of last."""
        return self.router.described_servers()

    def describe(self, servers: Servers) -> None:
        """Tell the router of the servers."""
        self.router.describe_servers(servers)

    def await_described(self) -> None:
        """Return when the router goes by what it was told."""
        self.router.inside.await_servers(self.described())

    def _runs(self, name: str, release: Release) -> bool:
        return self.processes.about(name).get("release") == release.to_dict() and self.processes.running(name)

    def _wait(self, name: str, condition: Callable[[], bool], what: str) -> None:
        self.processes.wait(name, condition, self.config.rollout.start_seconds, what)

    def _port_file(self, name: str) -> Path:
        return self.processes.folder.parent / f"{name}.port"


def environment(config: Config, release: Release) -> dict[str, str]:
    """Return what a server's process is told."""
    env = {**os.environ, "GATEHOUSE_BUNDLE_DIGEST": release.bundle}
    # Several servers share this machine's cores.
    env.setdefault("OMP_NUM_THREADS", "1")
    env |= server_environment.of(config)
    env["GATEHOUSE_PAGE"] = "on" if config.serving.page else "off"
    if config.store.log:
        env["GATEHOUSE_LOG"] = config.store.log
    return env
