"""The target on a Docker engine: a Traefik and two servers on a network of their own.

Everything is found again by its name, and goes on serving after the program that started it has ended. The router's
volume holds its routes and the rollout's state.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from docker.models.containers import Container

from gatehouse import files
from gatehouse.canary.counters import SLOTS, Counters, Slot
from gatehouse.canary.shadow import Recalled
from gatehouse.config import Config, to_json
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.targets import containers, server_environment, taken, traefik, waiting
from gatehouse.targets.containers import Names
from gatehouse.targets.engine import Engine
from gatehouse.targets.router import Router

TRAEFIK_IMAGE = "traefik:v3.7"


def of(config: Config) -> "DockerTarget":
    """Return the target of the settings."""
    return DockerTarget(config, project(config.registry.image, config.rollout.environment))


def project(image: str, environment: str = "") -> str:
    """Return a name for the parts of this repository's target, which no other repository on the engine has."""
    end = f"-{environment}" if environment else ""
    if not image:
        return f"gatehouse{end}"
    name = re.sub(r"[^a-z0-9]+", "-", image.lower().rpartition("/")[2])
    return f"gatehouse-{name[:24].strip('-')}-{hashlib.sha256(image.lower().encode()).hexdigest()[:6]}{end}"


class DockerTarget:
    """Two slots of one container each, and the router in front of them. Raises TargetError without an engine."""

    def __init__(self, config: Config, project: str = "gatehouse", traefik_image: str = TRAEFIK_IMAGE) -> None:
        self.config = config
        self.names = Names(project)
        self.traefik_image = traefik_image
        self.engine = Engine()
        # The state as this program knows it, to see when another one has changed it.
        self.known: str | None = None

    @property
    def url(self) -> str:
        """The address that users reach."""
        return self._address(containers.USERS_PORT)

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release's image in a slot, behind the router."""
        self._ensure_router()
        if self._runs(slot, release):
            return
        self.stop(slot)
        # At an address the volume is where the log waits on its way.
        folder = "" if files.is_url(self.config.store.log) else open_log(self.config.store.log)
        self.engine.run(containers.server(self.names, slot, release, folder, environment(self.config, os.environ)))
        self._wait_ready(slot)

    def stop(self, slot: Slot) -> None:
        """Drain a slot, stop it and remove its container."""
        container = self.engine.find(self.names.server(slot))
        if container is not None:
            self.engine.stop(container, self.config.rollout.drain_seconds)

    def hold(self, release: Release) -> None:
        """See to it that a release's image is on the engine."""
        self.engine.hold(release.location)

    def weigh(self, weights: Mapping[Slot, int], mirrored: Mapping[Slot, int] | None = None) -> None:
        """Share the traffic by percent, and send copies. A router that is gone is started again."""
        router = self._ensure_router()
        generation = self._generation(router) + 1
        self._describe_traffic(router, generation, weights, mirrored)
        self._router().await_weights(generation, weights)

    def weights(self) -> dict[Slot, int]:
        """Return the weights that the router has now."""
        return self._router().weights()

    def door(self, slot: Slot) -> str:
        """Return the address of a slot apart from its traffic."""
        return self._router().door(slot)

    def mirrored(self) -> dict[Slot, int]:
        """Return the percent of the requests of which the router sends copies now."""
        return self._router().mirrored()

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what the server in a slot remembers."""
        return self._router().answers(slot)

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot."""
        return self._router().counters()

    def guard(self, image: str) -> None:
        """Start the guardian's container, unless it runs from the same image and goes by the same settings."""
        router, told = self._ensure_router(), to_json(self.config)
        mark = hashlib.sha256(f"{image}\n{told}".encode()).hexdigest()
        found = self.engine.find(self.names.guardian)
        if found is not None and found.status == "running" and found.labels.get(containers.GUARDS) == mark:
            return
        if found is not None:
            self.engine.stop(found, self.config.rollout.drain_seconds)
        self.engine.write(router, {containers.SETTINGS: told})
        log = "" if files.is_url(self.config.store.log) else open_log(self.config.store.log)
        self.engine.run(containers.guardian(self.names, image, self.engine.socket, log, mark))

    def load(self) -> str | None:
        """Return the rollout's state; of one that was being written when the engine died, the newer whole copy."""
        if not self.engine.has_volume(self.names.router):
            return None
        self.known = self._kept(self._ensure_router())
        return self.known

    def save(self, state: str) -> None:
        """Keep the rollout's state. It is written twice, one after the other, because a file cannot be swapped here.

        Nor can it be compared and written at once: two programs that save within some milliseconds are noticed at the
        next save. Raises TakenError when another program has saved since this one loaded or saved.
        """
        router = self._ensure_router()
        taken.check(self._kept(router), self.known)
        self.engine.write(router, {containers.NEW_STATE: state, containers.STATE: state})
        self.known = state

    def close(self) -> None:
        """Let go of the engine; all containers go on serving."""
        self.engine.close()

    def remove(self) -> None:
        """Remove all containers, the network and the volumes."""
        self.engine.remove(self.names)
        self.known = None

    def _kept(self, router: Container) -> str | None:
        found = (self.engine.read(router, name) for name in (containers.STATE, containers.NEW_STATE))
        return next((text for text in found if text is not None and is_whole(text)), None)

    def _ensure_router(self) -> Container:
        container = self.engine.find(self.names.router)
        if container is None:
            container = self._create_router()
        if container.status != "running":
            self.engine.start(container)
        waiting.until(self._router_knows_traffic, self.config.rollout.start_seconds, "The router did not answer")
        return container

    def _create_router(self) -> Container:
        """Make the router, with its routes in place before it looks for them the first time."""
        self.engine.prepare(self.names)
        container = self.engine.create(containers.router(self.names, self.traefik_image, self.config.rollout.port))
        servers = traefik.servers({slot: self.names.url(slot) for slot in SLOTS})
        self.engine.write(container, {f"routes/{traefik.SERVERS}": json.dumps(servers)})
        if not self._generation(container):
            self._describe_traffic(container, 1, {})
        return container

    def _router_knows_traffic(self) -> bool:
        container = self.engine.find(self.names.router)
        if container is None or container.status == "exited":
            tail = container.logs(tail=12).decode(errors="replace") if container else ""
            raise TargetError(f"The router ended before it could answer. The end of its output:\n{tail}")
        try:
            return self._router().generation() > 0
        except TargetError:
            return False

    def _describe_traffic(
        self,
        router: Container,
        generation: int,
        weights: Mapping[Slot, int],
        mirrored: Mapping[Slot, int] | None = None,
    ) -> None:
        name = f"routes/{traefik.traffic_name(generation)}.yml"
        self.engine.write(router, {name: json.dumps(traefik.traffic(generation, weights, mirrored))})

    def _generation(self, router: Container) -> int:
        """Return the generation of the traffic in force, from the files: the router may not run yet."""
        texts = [self.engine.read(router, f"routes/{name}.yml") for name in traefik.TRAFFIC]
        routers = [json.loads(text)["http"]["routers"] for text in texts if text and is_whole(text)]
        return traefik.in_force({"name": name, **router} for each in routers for name, router in each.items())

    def _router(self) -> Router:
        return Router(self._address(containers.INTERNAL_PORT))

    def _address(self, port: int) -> str:
        container = self.engine.find(self.names.router)
        published = (container.ports.get(f"{port}/tcp") or []) if container else []
        if not published:
            raise TargetError(f"The router '{self.names.router}' does not run: roll out a first version.")
        return f"http://127.0.0.1:{published[0]['HostPort']}"

    def _runs(self, slot: Slot, release: Release) -> bool:
        container = self.engine.find(self.names.server(slot))
        same = container is not None and json.loads(container.labels[containers.RELEASE]) == release.to_dict()
        return same and self._router().ready(slot)

    def _wait_ready(self, slot: Slot) -> None:
        name, router = self.names.server(slot), self._router()

        def ready() -> bool:
            container = self.engine.find(name)
            if container is None or container.status != "running" or container.attrs.get("RestartCount"):
                raise TargetError(f"'{name}' ended before it could get ready.")
            return router.ready(slot)

        try:
            waiting.until(ready, self.config.rollout.start_seconds, f"'{name}' did not get ready")
        except TargetError as error:
            container = self.engine.find(name)
            tail = container.logs(tail=12).decode(errors="replace") if container else ""
            raise TargetError(f"{error} The end of its output:\n{tail.strip()}") from error


def environment(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a server's container is told of the settings, and of this program's own environment."""
    told = {
        **server_environment.of(config),
        "GATEHOUSE_LOG_KEY": environ.get("GATEHOUSE_LOG_KEY", ""),
    }
    if environ.get("GATEHOUSE_REDIS_URL"):
        told["GATEHOUSE_REDIS_URL"] = environ["GATEHOUSE_REDIS_URL"]
    if files.is_url(config.store.log):
        told["GATEHOUSE_LOG"] = config.store.log
        # Where fsspec looks for the settings of an address, the keys to it among them.
        told |= {name: value for name, value in environ.items() if name.startswith("FSSPEC_")}
    return told


def open_log(folder: str) -> str:
    """Make the folder of the prediction log writable for the servers, whose user is another, and return it."""
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        if not path.stat().st_mode & stat.S_IWOTH:
            path.chmod(0o777)
    return folder


def is_whole(text: str) -> bool:
    """Tell whether a file's JSON was written to its end."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True
