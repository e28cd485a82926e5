"""Server processes that outlive the program which started them, known by a folder.

Each holds a lock that it got from its starter, and the system lets go of it when the process ends, however it ends.
So a process runs exactly as long as its lock is held, and a number that another program got later is never signalled.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.errors import EvidenceError, TargetError
from gatehouse.targets import waiting

# A process notes its own number: whoever starts it may be killed before it could.
NOTED = 'echo $$ > "$0" && exec "$@"'


class Processes:
    """The processes of one folder, each by its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None, **facts: Any) -> None:
        """Start a process in a session of its own, so that a Ctrl-C meant for us does not reach it.

        `facts` can be read back from `about`. Raises TargetError when it cannot be started, or runs already.
        """
        if shutil.which(command[0]) is None:
            raise TargetError(f"'{command[0]}' cannot be started: there is no such program.")
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._file(name, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file(name, "pid").unlink(missing_ok=True)
            with self._file(name, "log").open("wb") as log:
                child = subprocess.Popen(
                    ["/bin/sh", "-c", NOTED, str(self._file(name, "pid")), *command],
                    env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock], start_new_session=True,
                )  # fmt: skip
        except BlockingIOError as error:
            raise TargetError(f"'{name}' in {self.folder} runs already.") from error
        except OSError as error:
            raise TargetError(f"'{command[0]}' cannot be started: {error.strerror}.") from error
        finally:
            os.close(lock)
        self.children[name] = child
        files.write_json(self._file(name, "json"), facts)

    def running(self, name: str) -> bool:
        """Tell whether a process is alive."""
        try:
            lock = os.open(self._file(name, "lock"), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def about(self, name: str) -> dict[str, Any]:
        """Return the facts that a process was started with; empty when nothing is known."""
        try:
            return dict(files.read_json(self._file(name, "json"), f"record of '{name}'"))
        except EvidenceError:
            return {}

    def pid(self, name: str) -> int:
        """Return the number that a process noted, or 0 while it has not."""
        try:
            return int(self._file(name, "pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def tail(self, name: str, lines: int = 12) -> str:
        """Return the end of what a process printed."""
        try:
            text = self._file(name, "log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])

    def wait(self, name: str, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something that a process shall do. Raises TargetError with the end of its output."""

        def done() -> bool:
            if not self.running(name):
                raise TargetError(f"'{name}' ended before it could {what}.")
            return condition()

        try:
            waiting.until(done, seconds, f"'{name}' did not {what}")
        except TargetError as error:
            raise TargetError(f"{error} The end of its output:\n{self.tail(name)}") from error

    def stop(self, name: str, seconds: float) -> None:
        """Ask a process to end, and kill it when it has not after `seconds`."""
        if self.running(name):
            waiting.until(lambda: self.pid(name) > 0, 10, f"'{name}' runs and did not note its number")
            pid = self.pid(name)
            self._signal(pid, signal.SIGTERM)
            with suppress(TargetError):
                waiting.until(lambda: not self.running(name), seconds, name)
            if self.running(name):
                self._signal(pid, signal.SIGKILL)
                waiting.until(lambda: not self.running(name), 10, f"'{name}' (process {pid}) cannot be killed")
        child = self.children.pop(name, None)
        if child is not None:
            child.wait()

    def names(self) -> list[str]:
        """Return the names of all processes that were ever started in the folder."""
        return sorted(path.stem for path in self.folder.glob("*.lock"))

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)

    def _file(self, name: str, kind: str) -> Path:
        return self.folder / f"{name}.{kind}"
