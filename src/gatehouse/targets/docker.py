"""The target on a Docker engine: a Traefik and the servers of two slots on a network of their own.

Everything is found again by its name, and goes on serving after the program that started it has ended. The router's
volume holds its routes and the rollout's state.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from gatehouse import files
from gatehouse.canary.counters import Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.config import Config, to_json
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.targets import (
    certificate,
    containers,
    docker_servers,
    passing,
    ports,
    replicas,
    taken,
    tally,
    traefik,
    waiting,
)
from gatehouse.targets.containers import Names
from gatehouse.targets.docker_servers import DockerServers
from gatehouse.targets.engine import Engine
from gatehouse.targets.router import Router
from gatehouse.targets.tally import Tally

TRAEFIK_IMAGE = "traefik:v3.7"
# The descriptions of the traffic in the router's volume.
TRAFFIC = tuple(f"routes/{name}.yml" for name in traefik.TRAFFIC)


def of(config: Config, *, alone: bool = False) -> "DockerTarget":
    """Return the target of the settings; one that is `alone` is this run's and no other's."""
    name = project(config.registry.image, config.rollout.environment)
    return DockerTarget(config, passing.named(name), family=name) if alone else DockerTarget(config, name)


def project(image: str, environment: str = "") -> str:
    """Return a name for the parts of this repository's target, which no other repository on the engine has."""
    end = f"-{environment}" if environment else ""
    if not image:
        return f"gatehouse{end}"
    name = re.sub(r"[^a-z0-9]+", "-", image.lower().rpartition("/")[2])
    return f"gatehouse-{name[:24].strip('-')}-{hashlib.sha256(image.lower().encode()).hexdigest()[:6]}{end}"


class DockerTarget:
    """Two slots of one container or more, and the router in front of them. Raises TargetError without an engine."""

    def __init__(
        self, config: Config, project: str = "gatehouse", traefik_image: str = TRAEFIK_IMAGE, family: str = ""
    ) -> None:
        self.config = config
        self.names = Names(project, family)
        self.traefik_image = traefik_image
        self.engine = Engine()
        # The state as this program knows it, to see when another one has changed it.
        self.known: str | None = None
        self.servers = DockerServers(config, self.engine, self.names, self._router, self._log)
        self.tally = Tally()
        self.life = ExitStack()
        if family:
            self.life.enter_context(passing.living(self.engine, self.names))

    @property
    def url(self) -> str:
        """The address that users reach."""
        return self._address(containers.USERS_PORT)

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release's image in a slot, behind the router."""
        self.engine.keep_room(self._ensure_router())
        replicas.start(self.servers, slot, release, self.config.rollout.replicas)

    def stop(self, slot: Slot) -> None:
        """Drain a slot, stop it and remove its containers."""
        replicas.stop(self.servers, slot)

    def hold(self, release: Release) -> None:
        """See to it that a release's image is on the engine."""
        self.engine.hold(release.location)

    def weigh(self, routing: Routing) -> None:
        """Share the requests. A router that is gone is started again."""
        router = self._ensure_router()
        known = self._described(router)
        generation, wanted = traefik.following(known, routing, sticky=self.config.rollout.sticky)
        self._describe(router, generation, wanted)
        try:
            self._router().await_weights(generation, routing.weights)
        except TargetError:
            self._mend(router)
            self._router().await_weights(generation, routing.weights)

    def routing(self) -> Routing:
        """Return how the router shares the requests now."""
        return self._router().routing()

    def door(self, slot: Slot) -> str:
        """Return the address of a slot apart from its traffic."""
        return self._router().door(slot)

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what each server of a slot remembers."""
        return self._router().answers(slot)

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot."""
        counted, self.tally = self._router().counters(self.tally)
        return counted

    def guard(self, image: str) -> None:
        """Start the guardian's container, unless it runs from the same image, by the same settings and keys."""
        router, told = self._ensure_router(), to_json(self.config)
        keys = docker_servers.keys(self.config, os.environ)
        wanted = containers.guardian(self.names, image, self.engine.socket, self._log(), told, keys)
        mark, found = wanted["labels"][containers.GUARDS], self.engine.find(self.names.guardian)
        if found is not None and found.status == "running" and found.labels.get(containers.GUARDS) == mark:
            return
        if found is not None:
            self.engine.stop(found, self.config.rollout.drain_seconds)
        self.engine.write(router, {containers.SETTINGS: told})
        self.engine.run(wanted)

    def load(self) -> str | None:
        """Return the rollout's state; of one that was being written when the engine died, the newer whole copy."""
        if not self.engine.has_volume(self.names.router):
            return None
        router = self._ensure_router()
        self.known = self._kept(router)
        self.tally = tally.from_json(self.engine.read(router, tally.FILE) or "")
        return self.known

    def save(self, state: str) -> None:
        """Keep the rollout's state. It is written twice, one after the other, because a file cannot be swapped here.

        Nor can it be compared and written at once: two programs that save within some milliseconds are noticed at the
        next save. Raises TakenError when another program has saved since this one loaded or saved.
        """
        router = self._ensure_router()
        taken.check(self._kept(router), self.known)
        try:
            self.engine.write(router, {containers.NEW_STATE: state, containers.STATE: state})
        except TargetError:
            # One of the two may stand there now, and is this program's own.
            self.known = self._kept(router)
            raise
        self.known = state
        # On a full disk the state is what matters.
        with suppress(TargetError):
            self.engine.put(router, {tally.FILE: tally.to_json(self.tally)})

    def close(self) -> None:
        """Let go of the engine; all containers go on serving."""
        self.life.close()
        self.engine.close()

    def remove(self) -> None:
        """Remove all containers, the network and the volumes."""
        self.engine.remove(self.names)
        self.known, self.tally = None, Tally()

    def _kept(self, router: Container) -> str | None:
        return next(self.engine.whole(router, containers.STATE, containers.NEW_STATE), None)

    def _ensure_router(self) -> Container:
        container = self.engine.find(self.names.router)
        if container is None:
            container = self._create_router()
        running = container.status == "running"
        if not running or not self._router_knows_traffic():
            self._mend(container)
        if not running:
            self.engine.start(container)
        waiting.until(self._router_knows_traffic, self.config.rollout.start_seconds, "The router did not answer")
        return container

    def _create_router(self) -> Container:
        """Make the router, with its routes in place before it looks for them the first time."""
        # Who is silent while an image comes could be taken for dead.
        self.engine.hold(self.traefik_image)
        self.engine.prepare(self.names)
        container = self.engine.create(containers.router(self.names, self.traefik_image, self.config.rollout.port))
        self.engine.write(container, {f"routes/{certificate.FILE}": json.dumps(certificate.describe())}, attempts=2)
        self.servers.tell(container, self.servers.told(container))
        if not self._described(container):
            self._describe(container, *traefik.following([], Routing({})))
        return container

    def _mend(self, router: Container) -> None:
        """Write what was half written when an engine died: as long as one file is broken, the router reads none."""
        self.servers.mend(router)
        for name in self.engine.broken(router, f"routes/{certificate.FILE}", *TRAFFIC):
            self.engine.write(router, {name: docker_servers.EMPTY}, attempts=2)

    def _router_knows_traffic(self) -> bool:
        container = self.engine.find(self.names.router)
        if container is None or container.status == "exited":
            tail = container.logs(tail=12).decode(errors="replace") if container else ""
            raise TargetError(f"The router ended before it could answer. The end of its output:\n{tail}")
        try:
            return self._router().generation() > 0
        except TargetError:
            return False

    def _describe(self, router: Container, generation: int, traffic: Mapping[str, Any]) -> None:
        description = {f"routes/{traefik.traffic_name(generation)}.yml": json.dumps(traffic)}
        self.engine.write(router, description, attempts=2)

    def _described(self, router: Container) -> list[dict[str, Any]]:
        """Return the descriptions of the traffic, from the files: the router may not run yet."""
        return [json.loads(text) for text in self.engine.whole(router, *TRAFFIC)]

    def _router(self) -> Router:
        return Router(self._address(containers.INTERNAL_PORT))

    def _address(self, port: int) -> str:
        container = self.engine.find(self.names.router)
        published = (container.ports.get(f"{port}/tcp") or []) if container else []
        if not published:
            raise TargetError(f"The router '{self.names.router}' does not run: roll out a first version.")
        return f"http://{ports.HOST}:{self.engine.port(int(published[0]['HostPort']))}"

    def _log(self) -> str:
        """Return the log's folder on the engine's host; none at an URL, where the volume holds what is on its way."""
        log = self.config.store.log
        if files.is_url(log):
            return ""
        return log if self.engine.tunnel else open_log(log)


def open_log(folder: str) -> str:
    """Make the folder of the prediction log writable for the servers, whose user is another, and return it."""
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        if not path.stat().st_mode & stat.S_IWOTH:
            path.chmod(0o777)
    return folder
