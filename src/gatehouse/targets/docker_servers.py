"""The servers of a Docker target: containers on its network, which the router reaches by their names."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from docker.models.containers import Container

from gatehouse import files
from gatehouse.canary.counters import Slot
from gatehouse.config import Config
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.targets import containers, server_environment, servers, waiting
from gatehouse.targets.containers import Names
from gatehouse.targets.engine import Engine
from gatehouse.targets.router import Router
from gatehouse.targets.servers import Servers

# What the router reads while `servers.FILE` is written, because a file cannot be swapped here: of two that say the same
# it takes the first by its name, and of one that is missing nothing. Later it is emptied, or each reading would warn.
ROUTES, COPY, EMPTY = f"routes/{servers.FILE}", "routes/servers2.yml", "{}"


class DockerServers:
    """Containers of one target; `log` makes its folder on the engine's host, `router` is the one that runs."""

    def __init__(
        self, config: Config, engine: Engine, names: Names, router: Callable[[], Router], log: Callable[[], str]
    ) -> None:
        self.config = config
        self.engine = engine
        self.names = names
        self.router = router
        self.log = log

    def known(self, slot: Slot) -> list[str]:
        """Return the servers of a slot whose containers exist."""
        return self.engine.servers(self.names, slot)

    def serves(self, name: str, release: Release) -> bool:
        """Tell whether a server is ready, and of this release."""
        return self._runs(name, release) is not None and self.router().ready(name)

    def loads(self, name: str, release: Release) -> bool:
        """Tell whether a server of this release was begun so lately that it may still get ready."""
        container = self._runs(name, release)
        return container is not None and _lives(container) and self._age(container) < self.config.rollout.start_seconds

    def launch(self, name: str, release: Release) -> None:
        """Start a server's container."""
        told = environment(self.config, os.environ)
        self.engine.run(containers.server(self.names, name, release, self.log(), told))

    def url(self, name: str) -> str:
        """Return the address of a server on the network."""
        return self.names.url(name)

    def await_ready(self, name: str) -> None:
        """Return when a server is ready."""
        router, called = self.router(), self.names.server(name)

        def ready() -> bool:
            container = self._container(name)
            if container is None or not _lives(container):
                raise TargetError(f"'{called}' ended before it could get ready.")
            return router.ready(name)

        try:
            waiting.until(ready, self.config.rollout.start_seconds, f"'{called}' did not get ready")
        except TargetError as error:
            container = self._container(name)
            tail = container.logs(tail=12).decode(errors="replace") if container else ""
            raise TargetError(f"{error} The end of its output:\n{tail.strip()}") from error

    def end(self, names: Iterable[str]) -> None:
        """Drain containers, stop and remove them, all at the same time."""
        found = [container for name in names if (container := self._container(name)) is not None]
        with ThreadPoolExecutor(max_workers=max(1, len(found))) as pool:
            list(pool.map(lambda each: self.engine.stop(each, self.config.rollout.drain_seconds), found))

    def described(self) -> Servers:
        """Return the servers that the router was told of last; none before there is a router."""
        router = self.engine.find(self.names.router)
        return Servers() if router is None else self.told(router)

    def told(self, router: Container) -> Servers:
        """Return the servers that a router's volume names; of a description that was half written, the copy."""
        whole = next(self.engine.whole(router, ROUTES, COPY), None)
        return servers.known(json.loads(whole).get("http", {}).get("services", {}) if whole else {})

    def describe(self, servers: Servers) -> None:
        """Tell the router of the servers."""
        router = self.engine.find(self.names.router)
        if router is not None:
            self.tell(router, servers)

    def tell(self, router: Container, wanted: Servers) -> None:
        """Write the servers to a router's volume."""
        text = json.dumps(servers.describe(wanted))
        self.engine.write(router, {COPY: text, ROUTES: text}, attempts=2)

    def mend(self, router: Container) -> None:
        """Write the servers anew where one of the two files was half written."""
        if self.engine.broken(router, ROUTES, COPY):
            self.tell(router, self.told(router))

    def await_described(self) -> None:
        """Return when the router goes by what it was told."""
        self.router().await_servers(self.described())
        router = self.engine.find(self.names.router)
        if router is not None:
            whole, copy = (self.engine.read(router, name) for name in (ROUTES, COPY))
            if copy not in (None, EMPTY) and containers.is_whole(whole or ""):
                self.engine.write(router, {COPY: EMPTY})

    def _runs(self, name: str, release: Release) -> Container | None:
        container = self._container(name)
        same = container is not None and json.loads(container.labels[containers.RELEASE]) == release.to_dict()
        return container if same else None

    def _age(self, container: Container) -> float:
        """Return for how many seconds a container has run."""
        return (self.engine.now() - datetime.fromisoformat(container.attrs["State"]["StartedAt"])).total_seconds()

    def _container(self, name: str) -> Container | None:
        return self.engine.find(self.names.server(name))


def _lives(container: Container) -> bool:
    """Tell whether a container runs, and did not end before."""
    return container.status == "running" and not container.attrs.get("RestartCount")


def environment(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a server's container is told of the settings, and of this program's own environment."""
    log = {"GATEHOUSE_LOG": config.store.log} if files.is_url(config.store.log) else {}
    return {**server_environment.of(config), **log, **keys(config, environ)}


def keys(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the keys and passwords of this program's environment that a server needs."""
    named = {"GATEHOUSE_LOG_KEY": environ.get("GATEHOUSE_LOG_KEY", "")}
    if environ.get("GATEHOUSE_REDIS_URL"):
        named["GATEHOUSE_REDIS_URL"] = environ["GATEHOUSE_REDIS_URL"]
    if files.is_url(config.store.log):
        # Where fsspec looks for the settings of an address, the keys to it among them.
        named |= {name: value for name, value in environ.items() if name.startswith("FSSPEC_")}
    return named
