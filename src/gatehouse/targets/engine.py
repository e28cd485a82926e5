"""A Docker engine: the few things that a target asks of it, with errors in the project's words."""

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from gatehouse.canary.counters import Slot
from gatehouse.errors import ConfigError, SilenceError, TargetError
from gatehouse.targets import containers, ports, reserve
from gatehouse.targets.tunnel import Tunnel

# As every system says it, ENOSPC.
NO_ROOM = "no space left on device"
# What is made for a log on this machine is not made on another.
ABSENT = (
    " Make this folder on the engine's host and let servers, whose user is another, write to it (chmod 777), or set "
    "[store] log to an fsspec URL."
)


class Engine:
    """The engine that DOCKER_HOST names, or this machine's own.

    Raises ConfigError where the ports of its host are out of reach, and TargetError when it does not answer.
    """

    def __init__(self) -> None:
        address = os.environ.get("DOCKER_HOST", "")
        self.tunnel = Tunnel(address) if address.startswith("ssh://") else None
        if not self.tunnel and not is_near(address):
            raise ConfigError(
                f"DOCKER_HOST = '{address}' is another host, of which only the engine is reached like that: the router "
                "answers on its host alone. Use DOCKER_HOST=ssh://user@host, which reaches both."
            )
        self.address = address
        # A heart beats beside the work of a rollout: two threads must not both mend the way there.
        self._lock = threading.RLock()
        self._way = self.tunnel.open() if self.tunnel else None
        self._client = self._connect(self._way)

    @property
    def client(self) -> docker.DockerClient:
        """The connection to the engine, made again where the way there broke."""
        with self._lock:
            way = self.tunnel.open() if self.tunnel else None
            if way != self._way:
                self._client.close()
                self._client = self._connect(way)
                self._way = way
            return self._client

    @property
    def socket(self) -> str:
        """Where the engine's socket lies on its own host."""
        if self.tunnel:
            return self.tunnel.socket
        return self.address.removeprefix("unix://") if self.address.startswith("unix://") else containers.SOCKET

    def version(self) -> str:
        """Return the engine's version."""
        with obeying("tell its version"):
            return str(self.client.version()["Version"])

    def now(self) -> datetime:
        """Return the time by the clock of the engine's host, which may go otherwise than this machine's."""
        with obeying("tell the time"):
            return datetime.fromisoformat(self.client.info()["SystemTime"])

    def port(self, there: int) -> int:
        """Return the port of this machine's 127.0.0.1 that leads to one of the engine's host."""
        with self._lock:
            return self.tunnel.port(there) if self.tunnel else there

    def find(self, name: str) -> Container | None:
        """Return a container as it is now, or None."""
        with obeying(f"find '{name}'"):
            try:
                return self.client.containers.get(name)
            except NotFound:
                return None

    def servers(self, names: containers.Names, slot: Slot) -> list[str]:
        """Return the servers of a slot that have a container, those among them that ended, by their names."""
        mine = [f"{containers.PROJECT}={names.project}", f"{containers.SLOT}={slot}"]
        with obeying(f"list the servers of '{slot}'"):
            listed = self.client.containers.list(all=True, filters={"label": mine}, sparse=True)
            return sorted(container.attrs["Labels"][containers.SERVER] for container in listed)

    def run(self, wanted: dict[str, Any]) -> Container:
        """Start a container. Its image is fetched when it is not there."""
        with obeying(f"start '{wanted['name']}' from {wanted['image']}"):
            self._fetch(wanted["image"])
            return self.client.containers.run(**wanted, detach=True)

    def create(self, wanted: dict[str, Any]) -> Container:
        """Make a container without starting it. Its image is fetched when it is not there."""
        with obeying(f"create '{wanted['name']}' from {wanted['image']}"):
            self._fetch(wanted["image"])
            return self.client.containers.create(**wanted)

    def hold(self, image: str) -> None:
        """Fetch an image when it is not there."""
        with obeying(f"fetch {image}"):
            self._fetch(image)

    def start(self, container: Container) -> None:
        """Start a container that was made; one that cannot start is removed, so that it can be made anew."""
        with obeying(f"start '{container.name}'"):
            try:
                container.start()
            except APIError:
                container.remove(force=True)
                raise

    def prepare(self, names: containers.Names) -> None:
        """Make the target's network and volumes; nothing happens when they are there."""
        with obeying(f"prepare the network and volumes of '{names.project}'"):
            if not self.client.networks.list(names=[f"^{names.network}$"]):
                self.client.networks.create(names.network, labels=names.labels)
            for volume in (names.router, names.log):
                self.client.volumes.create(volume, labels=names.labels)

    def has_volume(self, name: str) -> bool:
        """Tell whether a volume exists."""
        with obeying(f"find the volume '{name}'"):
            try:
                self.client.volumes.get(name)
            except NotFound:
                return False
            return True

    def keep_room(self, container: Container) -> None:
        """Keep room in the router's volume to take the traffic from a canary, unless it is kept or none is left."""
        with suppress(TargetError):
            if len(self.read(container, containers.RESERVE) or "") < reserve.BYTES:
                self.put(container, {containers.RESERVE: secrets.token_hex(reserve.BYTES // 2)})

    def put(self, container: Container, contents: dict[str, str]) -> None:
        """Write files, in their order, to the router's volume. Raises TargetError where there is no room for them."""
        with obeying(f"write to '{container.name}'"):
            container.put_archive(containers.HOME, containers.archive(contents))

    def write(self, container: Container, contents: dict[str, str], attempts: int = 1) -> None:
        """Write files for which room is kept, in their order; before the next of the attempts that room is freed.

        Raises TargetError when none of the attempts found room.
        """
        for left in reversed(range(attempts)):
            try:
                self.put(container, contents)
            except TargetError as error:
                if NO_ROOM not in str(error):
                    raise
                with obeying(f"free room in '{container.name}'"):
                    container.put_archive(containers.HOME, containers.archive({containers.RESERVE: ""}))
                if not left:
                    raise
            else:
                return

    def read(self, container: Container, name: str) -> str | None:
        """Return a file of the router's volume, or None."""
        with obeying(f"read from '{container.name}'"):
            try:
                stream, _ = container.get_archive(f"{containers.HOME}/{name}")
            except NotFound:
                return None
            return containers.unpacked(b"".join(stream))

    def whole(self, container: Container, *names: str) -> Iterator[str]:
        """Return those JSON files of the router's volume, in this order, that were written to their end."""
        texts = (self.read(container, name) for name in names)
        return (text for text in texts if text is not None and containers.is_whole(text))

    def broken(self, container: Container, *names: str) -> list[str]:
        """Return which JSON files of the router's volume were half written when an engine died."""
        texts = {name: self.read(container, name) for name in names}
        return [name for name, text in texts.items() if text is not None and not containers.is_whole(text)]

    def stop(self, container: Container, seconds: float) -> None:
        """Let a container finish what it has begun, and remove it."""
        with obeying(f"stop '{container.name}'"):
            container.stop(timeout=max(1, round(seconds)))
            container.remove(force=True)

    def remove(self, names: containers.Names) -> None:
        """Remove everything that has the target's label."""
        mine: dict[str, str | list[str] | bool] = {"label": f"{containers.PROJECT}={names.project}"}
        with obeying(f"remove '{names.project}'"):
            for container in self.client.containers.list(all=True, filters=mine):
                container.remove(force=True, v=True)
            for network in self.client.networks.list(filters=mine):
                network.remove()
            for volume in self.client.volumes.list(filters=mine):
                volume.remove()

    def close(self) -> None:
        """Let go of the engine, and of the way to it."""
        with self._lock:
            self._client.close()
            if self.tunnel:
                self.tunnel.close()

    def _connect(self, way: Path | None) -> docker.DockerClient:
        try:
            client = docker.DockerClient(f"unix://{way}") if way else docker.from_env()
            client.ping()
        except (DockerException, OSError) as error:
            failure = silence(str(error), self.tunnel)
            if self.tunnel:
                self.tunnel.close()
            raise SilenceError(failure) from error
        return client

    def _fetch(self, image: str) -> None:
        try:
            self.client.images.get(image)
        except ImageNotFound:
            self.client.images.pull(image)


@contextmanager
def obeying(what: str) -> Iterator[None]:
    """Turn whatever an engine raises into one kind of error."""
    try:
        yield
    except APIError as error:
        why = str(error.explanation or error)
        raise TargetError(f"Docker could not {what}: {why}.{ABSENT if 'bind source path' in why else ''}") from error
    except (DockerException, OSError) as error:
        raise SilenceError(f"Docker could not {what}: {error}.") from error


def is_near(address: str) -> bool:
    """Tell whether an engine's address, as DOCKER_HOST has it, is one of this machine.

    Raises ConfigError when it is no address.
    """
    if not address or "unix://" in address or address.startswith("npipe://"):
        return True
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ports.HOST
    except ValueError as error:
        raise ConfigError(
            f"DOCKER_HOST = '{address}' is no address of an engine ({error}): write unix:///run/docker.sock, "
            "tcp://127.0.0.1:2375 or ssh://user@host."
        ) from error
    return host in ("localhost", "::1") or host.startswith("127.")


def silence(error: str, tunnel: Tunnel | None) -> str:
    """Return what to say of an engine that does not answer."""
    if tunnel is None:
        return f"No Docker engine answers: {error}. Start Docker, set DOCKER_HOST, or use [rollout] target = 'local'."
    return (
        f"No Docker engine answers at {tunnel.socket} of {tunnel.destination}: {error}. ssh says:\n{tunnel.said()}\n"
        "See that Docker runs there, that `docker ps` works for this user, and that the host's sshd lets ports and "
        "sockets be forwarded; if the engine's socket is another one, name it: ssh://user@host/path/of/the/socket."
    )
