"""The laptop's target: server processes behind a real Traefik, all on 127.0.0.1.

Everything is known by a folder in the state folder, so that another program can carry on where one was killed.
"""

import fcntl
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from gatehouse import files
from gatehouse.canary.counters import SLOTS, Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.config import Config, to_json
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.targets import local_router, replicas, reserve, taken, tally
from gatehouse.targets.local_router import LocalRouter
from gatehouse.targets.local_servers import LocalServers
from gatehouse.targets.processes import Processes
from gatehouse.targets.tally import Tally
from gatehouse.targets.watchdog import Watchdog

GUARDIAN = "guardian"
# As scripts/guard.py does, wherever the package is installed.
GUARD = "from gatehouse import cli; from gatehouse.stages import guard; raise SystemExit(cli.run(guard))"
STATE = "rollout.json"


def of(config: Config) -> "LocalTarget":
    """Return the target of the settings, whose servers go on serving after this program has ended."""
    return LocalTarget(config, stays=True)


def folder(config: Config) -> Path:
    """Return the folder by which the target of the settings is known."""
    return Path(config.store.state).resolve() / "-".join(filter(None, ("local", config.rollout.environment)))


def processes(config: Config) -> Processes:
    """Return the processes of the target of the settings."""
    return Processes(folder(config) / "processes")


def serve(release: Release) -> list[str]:
    """Return the command that serves a release, to which the port is added."""
    return [sys.executable, "-P", "-m", "gatehouse.serving", "--bundle", release.location]


class LocalTarget:
    """Two slots of one process or more, and the router in front of them.

    `command` says how a release is served; it is given `--port 0 --port-file FILE`. Unless it `stays`, all processes
    end with `close`, or with this program, even when that is killed.
    """

    def __init__(
        self, config: Config, command: Callable[[Release], Sequence[str]] = serve, *, stays: bool = False
    ) -> None:
        self.config = config
        self.stays = stays
        self.folder = folder(config)
        self.processes = processes(config)
        settings = config.rollout
        self.router = LocalRouter(
            self.processes, self.folder / "routes", settings.port, settings.start_seconds, sticky=settings.sticky
        )
        self.watchdog: Watchdog | None = None
        # The state as this program knows it, to see when another one has changed it.
        self.known: str | None = None
        self.servers = LocalServers(config, self.processes, self.router, command)
        self.tally = Tally()

    @property
    def url(self) -> str:
        """The address that users reach."""
        return self.router.url

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release in a slot, behind the router."""
        self._watch()
        self.router.start()
        replicas.start(self.servers, slot, release, self.config.rollout.replicas)

    def stop(self, slot: Slot) -> None:
        """Drain a slot and stop it."""
        replicas.stop(self.servers, slot)

    def hold(self, release: Release) -> None:
        """See to it that a release's bundle is here."""
        if self.servers.command is serve and not Path(release.location).is_dir():
            raise TargetError(
                f"The bundle of version {release.version} is gone: there is no folder {release.location}."
            )

    def weigh(self, routing: Routing) -> None:
        """Share the requests."""
        self._watch()
        self.router.weigh(routing)

    def routing(self) -> Routing:
        """Return how the router shares the requests now."""
        return self.router.inside.routing()

    def door(self, slot: Slot) -> str:
        """Return the address of a slot apart from its traffic."""
        return self.router.inside.door(slot)

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what each server of a slot remembers."""
        return self.router.inside.answers(slot)

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot."""
        counted, self.tally = self.router.inside.counters(self.tally)
        return counted

    def guard(self, image: str) -> None:  # noqa: ARG002 - here it is this very program
        """Start the guardian's process, unless it runs and goes by the same settings."""
        told, path = to_json(self.config), self.folder / "settings.json"
        if self.processes.running(GUARDIAN) and files.read_text(path, "guardian's settings") == told:
            return
        self.processes.stop(GUARDIAN, self.config.rollout.drain_seconds)
        files.write_text(path, told)
        arguments = ["--config", str(path), "--out", str(self.folder / "guard.json")]
        self.processes.start(GUARDIAN, [sys.executable, "-P", "-c", GUARD, *arguments])

    def load(self) -> str | None:
        """Return the rollout's state."""
        self.known = self._kept()
        path = self.folder / tally.FILE
        self.tally = tally.from_json(path.read_text(encoding="utf-8") if path.exists() else "")
        return self.known

    def save(self, state: str) -> None:
        """Keep the rollout's state. Raises TakenError when another program has saved since this one loaded or saved."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "rollout.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.check(self._kept(), self.known)
            # A rollout that cannot be recorded does not go on, but its end must find room: so one attempt.
            reserve.write_text(self.folder / STATE, state, self.router.reserve, attempts=1)
            # On a full disk the state is what matters.
            with suppress(OSError):
                files.write_text(self.folder / tally.FILE, tally.to_json(self.tally))
        self.known = state

    def close(self) -> None:
        """Stop all processes, unless they stay."""
        if not self.stays:
            self._stop_all()
        if self.watchdog is not None:
            self.watchdog.close()
            self.watchdog = None

    def remove(self) -> None:
        """Stop all processes and forget everything."""
        self._stop_all()
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.known, self.tally = None, Tally()

    def _kept(self) -> str | None:
        path = self.folder / STATE
        return files.read_text(path, "rollout's state") if path.exists() else None

    def _stop_all(self) -> None:
        # Who would start it all again goes first; the router next, so that no request is sent to a server that is gone.
        for name in (GUARDIAN, local_router.NAME):
            self.processes.stop(name, self.config.rollout.drain_seconds)
        self.servers.end(name for slot in SLOTS for name in self.servers.known(slot))

    def _watch(self) -> None:
        """Have all processes stopped when this program is gone, unless they stay."""
        if self.watchdog is None and not self.stays:
            self.watchdog = Watchdog(self.processes)
