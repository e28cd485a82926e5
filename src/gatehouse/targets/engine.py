"""A Docker engine: the few things that a target asks of it, with errors in the project's words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from gatehouse.errors import TargetError
from gatehouse.targets import containers


class Engine:
    """The engine that DOCKER_HOST names, or this machine's own."""

    def __init__(self) -> None:
        try:
            self.client = docker.from_env()
            self.client.ping()
        except DockerException as error:
            raise TargetError(
                f"No Docker engine answers: {error}. Start Docker, set DOCKER_HOST, or use [rollout] target = 'local'."
            ) from error

    @property
    def socket(self) -> str:
        """Where the engine's socket lies on its own host."""
        address = os.environ.get("DOCKER_HOST", "")
        return address.removeprefix("unix://") if address.startswith("unix://") else containers.SOCKET

    def find(self, name: str) -> Container | None:
        """Return a container as it is now, or None."""
        with obeying(f"find '{name}'"):
            try:
                return self.client.containers.get(name)
            except NotFound:
                return None

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

    def write(self, container: Container, contents: dict[str, str]) -> None:
        """Write files, in their order, to the router's volume."""
        with obeying(f"write to '{container.name}'"):
            container.put_archive(containers.HOME, containers.archive(contents))

    def read(self, container: Container, name: str) -> str | None:
        """Return a file of the router's volume, or None."""
        with obeying(f"read from '{container.name}'"):
            try:
                stream, _ = container.get_archive(f"{containers.HOME}/{name}")
            except NotFound:
                return None
            return containers.unpacked(b"".join(stream))

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
        """Let go of the engine."""
        self.client.close()

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
        raise TargetError(f"Docker could not {what}: {error.explanation or error}.") from error
    except (DockerException, OSError) as error:
        raise TargetError(f"Docker could not {what}: {error}.") from error
