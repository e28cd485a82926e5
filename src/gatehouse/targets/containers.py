"""The containers, the network and the volumes of a Docker target, as data: what the engine is asked for."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.types import Mount

from gatehouse.release import Release
from gatehouse.targets import servers, traefik

# Inside the containers. The server's port and its log's folder are those of Dockerfile.serve.
USERS_PORT, INTERNAL_PORT, SERVER_PORT = 8000, 8001, 8080
HOME, ROUTES, LOG = "/gatehouse", "/gatehouse/routes", "/log"
STATE, NEW_STATE, SETTINGS, RESERVE = "rollout.json", "rollout.new", "settings.json", "reserve"
SOCKET = "/var/run/docker.sock"
# A router needs no rights at all: it reads files that everybody may read, and its ports are above 1024.
NOBODY = "65534:65534"
PROJECT, FAMILY, RELEASE, GUARDS = "gatehouse.project", "gatehouse.family", "gatehouse.release", "gatehouse.guards"
SLOT, SERVER = "gatehouse.slot", "gatehouse.server"


@dataclass(frozen=True)
class Names:
    """What the parts of one target are called, so that any program finds them again.

    Those of targets that are there for one run only tell their `family`.
    """

    project: str
    family: str = ""

    @property
    def network(self) -> str:
        """The network that holds the router and the servers, and nobody else."""
        return self.project

    @property
    def router(self) -> str:
        """The router's container and its volume."""
        return f"{self.project}-router"

    @property
    def log(self) -> str:
        """The volume of the prediction log, where no folder of the host was named."""
        return f"{self.project}-log"

    @property
    def guardian(self) -> str:
        """The container that watches a rollout."""
        return f"{self.project}-guardian"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that belongs to the target."""
        return {PROJECT: self.project} | ({FAMILY: self.family} if self.family else {})

    def server(self, name: str) -> str:
        """Return the container of a server such as blue-0, which is also its name on the network."""
        return f"{self.project}-{name}"

    def url(self, name: str) -> str:
        """Return the address of a server on the network."""
        return f"http://{self.server(name)}:{SERVER_PORT}"


def router(names: Names, image: str, port: int) -> dict[str, Any]:
    """Return the router's container; both its doors are open to the engine's host only."""
    users = ("127.0.0.1", port) if port else ("127.0.0.1",)
    return {
        **_confined(names),
        "image": image,
        "name": names.router,
        "command": traefik.static_arguments(ROUTES, f":{USERS_PORT}", f":{INTERNAL_PORT}"),
        "user": NOBODY,
        "ports": {f"{USERS_PORT}/tcp": users, f"{INTERNAL_PORT}/tcp": ("127.0.0.1",)},
        "mounts": [Mount(HOME, names.router)],
    }


def server(names: Names, name: str, release: Release, log: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the container of a server such as blue-0; `log` is a host's folder, or empty for the target's volume."""
    mount = Mount(LOG, log, type="bind") if log else Mount(LOG, names.log)
    of_release = json.dumps(release.to_dict(), sort_keys=True)
    return {
        **_confined(names),
        "image": release.location,
        "name": names.server(name),
        "labels": {**names.labels, SLOT: servers.slot_of(name), SERVER: name, RELEASE: of_release},
        "environment": {
            "HOST": "0.0.0.0",  # noqa: S104 - the network's other members are the router and the other servers
            "PORT": str(SERVER_PORT),
            "GATEHOUSE_LOG": LOG,
            "GATEHOUSE_BUNDLE_DIGEST": release.bundle,
            **env,
        },
        "tmpfs": {"/tmp": "size=64m"},  # noqa: S108 - the container's own
        "mounts": [mount],
    }


def guardian(names: Names, image: str, socket: str, log: str, told: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the guardian's container: on the host's network, where the router's inner door is, and with its engine.

    `socket` is the engine's, on its host, `log` a folder of the host or empty, and `told` its settings. The `keys` are
    for servers that it may have to start again. Its label tells it from one with other settings or keys.
    Whoever holds the socket holds the host, so it is root there, with no right but that.
    """
    mounts = [Mount(SOCKET, socket, type="bind"), Mount(HOME, names.router, read_only=True)]
    mark = hashlib.sha256(json.dumps([image, told, sorted(keys.items())]).encode()).hexdigest()
    described = {
        **_confined(names),
        "image": image,
        "name": names.guardian,
        "labels": {**names.labels, GUARDS: mark},
        "command": ["scripts/guard.py", "--config", f"{HOME}/{SETTINGS}", "--out", "/tmp/guard.json"],  # noqa: S108
        "user": "0:0",
        "environment": {"DOCKER_HOST": f"unix://{SOCKET}", **keys},
        "tmpfs": {"/tmp": "size=64m"},  # noqa: S108 - the container's own
        "mounts": [*mounts, Mount(log, log, type="bind")] if log else mounts,
        "network_mode": "host",
        # The image's own says that the pipeline can be imported; whether this one lives is seen in the rollout's state.
        "healthcheck": {"test": ["NONE"]},
    }
    del described["network"]
    return described


def archive(contents: Mapping[str, str]) -> bytes:
    """Return files, by their names and in their order, as the engine takes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in contents.items():
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpacked(data: bytes) -> str:
    """Return the text of the one file in an archive."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        stream = tar.extractfile(tar.getmembers()[0])
        return stream.read().decode() if stream else ""


def is_whole(text: str) -> bool:
    """Tell whether a file's JSON was written to its end."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def _confined(names: Names) -> dict[str, Any]:
    return {
        "labels": names.labels,
        "network": names.network,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "restart_policy": {"Name": "unless-stopped"},
        # Or a busy server fills the disk with what nobody reads.
        "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
    }
