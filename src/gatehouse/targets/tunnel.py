"""A host behind ssh: its engine's socket, and the ports that only that host reaches, brought to this machine.

One connection carries them all, by the machine's own ssh, so that ~/.ssh/config, agents and known_hosts hold. The
`docker` package's own way logs in anew for every request, and reaches no port.
"""

import shutil
import subprocess
import tempfile
from contextlib import suppress
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from gatehouse import shell
from gatehouse.errors import ConfigError, SilenceError, TargetError
from gatehouse.targets import containers, ports, waiting

CONNECT_SECONDS, FORWARD_SECONDS, END_SECONDS = 30.0, 10.0, 5.0
# Another program may take a port between our look at it and ssh's.
ATTEMPTS = 3
# It never asks anybody anything, so an unknown host is refused; a connection that is dead ends within 15 s, and says
# so. What a person's own settings add for work by hand (agent, sharing, commands) is left out.
OPTIONS = (
    "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3", "ExitOnForwardFailure=yes",
    "StreamLocalBindUnlink=yes", "ControlPersist=no", "ForwardAgent=no", "ForwardX11=no",
    "PermitLocalCommand=no", "RemoteCommand=none", "GatewayPorts=no", "LogLevel=INFO",
)  # fmt: skip
# ssh lives as long as the pipe from this program, which ends with it even when it is killed. The group's own number is
# not given to another program while this shell is in it.
WATCHED = 'exec 3<&0; { cat <&3; rm -rf -- "$0"; kill 0; } >/dev/null & exec "$@" </dev/null 3<&-'


class Tunnel:
    """The way to the host that DOCKER_HOST names as `ssh://[user@]host[:port][/path/of/the/socket]`."""

    def __init__(self, address: str) -> None:
        self.destination, self.socket = parts(address)
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path()
        # The ports here, by those there: an address that was told stays good when the connection is opened again.
        self.known: dict[int, int] = {}
        self.forwarded: set[int] = set()

    def open(self) -> Path:
        """Open the connection unless it is, and return the socket of this machine that leads to the engine's.

        It is another one after the connection broke. Raises TargetError with what ssh said.
        """
        if self.process is not None and self.process.poll() is None:
            return self._engine
        self.close()
        if shutil.which("ssh") is None:
            raise TargetError(f"There is no program 'ssh' to reach {self.destination} with: install OpenSSH's client.")
        self.folder = Path(tempfile.mkdtemp(prefix="gh-"))
        command = self._ssh("-o", "ControlMaster=yes", "-N", "-L", f"{plain(self._engine)}:{self.socket}")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", WATCHED, str(self.folder), *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            # ssh makes it last: then it has logged in, and the engine's socket is there.
            ready, late = self._control.exists, f"ssh did not get to {self.destination}"
            waiting.until(lambda: ready() or self._ended(), CONNECT_SECONDS, late)
        except BaseException:
            self.close()
            raise
        return self._engine

    def port(self, there: int) -> int:
        """Return the port of this machine's 127.0.0.1 that leads to one of the host's own. Raises TargetError."""
        self.open()
        if there not in self.forwarded:
            self._forward(there)
        return self.known[there]

    def said(self) -> str:
        """Return the end of what ssh has printed."""
        try:
            return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:])
        except OSError:
            return ""

    def close(self) -> None:
        """End the connection, and leave nothing of it."""
        process, self.process = self.process, None
        self.forwarded.clear()
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        process.kill()
        process.wait()

    def _forward(self, there: int) -> None:
        before = [self.known[there]] if there in self.known else []
        for here in chain(before, (ports.free() for _ in range(ATTEMPTS))):
            ends = f"{ports.HOST}:{here}:{ports.HOST}:{there}"
            with suppress(shell.CommandError):
                shell.run(self._ssh("-o", "ControlMaster=no", "-O", "forward", "-L", ends), timeout=FORWARD_SECONDS)
                self.known[there] = here
                self.forwarded.add(there)
                return
        raise TargetError(f"ssh opens no way to port {there} of {self.destination}. It says:\n{self.said()}")

    def _ssh(self, *arguments: str) -> list[str]:
        # In quotes, because ssh takes a value apart at its spaces.
        path = f'ControlPath="{plain(self._control)}"'
        options = [part for option in (*OPTIONS, path) for part in ("-o", option)]
        return ["ssh", *arguments, *options, "--", self.destination]

    def _ended(self) -> bool:
        """Return False while ssh tries. Raises TargetError when it has given up."""
        if self.process is None or self.process.poll() is None:
            return False
        raise SilenceError(
            f"ssh does not get to {self.destination}. It says:\n{self.said()}\n"
            "It has to without asking anything, by a key that it finds and to a host that it knows: see that "
            f"`ssh -o BatchMode=yes {self.destination} true` works."
        )

    @property
    def _engine(self) -> Path:
        return self.folder / "engine"

    @property
    def _control(self) -> Path:
        return self.folder / "control"

    @property
    def _log(self) -> Path:
        return self.folder / "log"


def plain(path: Path) -> str:
    """Return a path in which ssh fills in nothing."""
    return str(path).replace("%", "%%")


def parts(address: str) -> tuple[str, str]:
    """Return where ssh goes, and the engine's socket there. Raises ConfigError when it is no such address."""
    no_host = (
        f"DOCKER_HOST = '{address}' names no host: write ssh://user@host, with a port or the engine's socket "
        "(ssh://user@host:22/run/docker.sock) where they are others than usual. A password has no place there."
    )
    try:
        url = urlsplit(address)
    except ValueError as error:
        raise ConfigError(no_host) from error
    if url.scheme != "ssh" or not url.hostname or url.password or url.query or url.fragment:
        raise ConfigError(no_host)
    if "[" in url.netloc:
        raise ConfigError(
            f"DOCKER_HOST = '{address}': ssh takes no IPv6 address after ssh://. Give the host a name in "
            "~/.ssh/config, with HostName, and write that."
        )
    return f"ssh://{url.netloc}", url.path.rstrip("/") or containers.SOCKET


def host(destination: str) -> str:
    """Return the host of an ssh:// address letter by letter: ssh tells capitals apart where its settings name one."""
    return urlsplit(destination).netloc.rpartition("@")[2].partition(":")[0]
