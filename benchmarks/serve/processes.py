"""A server in processes of its own, on a core of its own where there are two, and what these processes use."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serve.contenders import AbsentError, Contender

PROC = Path("/proc")
START_SECONDS = 120
STOP_SECONDS = 20
PINNED = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1
SERVER_CORE, LOAD_CORE = sorted(os.sched_getaffinity(0))[:2] if PINNED else (None, None)


@dataclass(frozen=True)
class Running:
    """A server that is ready; `start_seconds` is how long that took."""

    contender: Contender
    model: Path
    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    def members(self) -> list[int]:
        """Return its processes, with those that they started."""
        parents: dict[int, int] = {}
        for file in PROC.glob("[0-9]*/stat"):
            try:
                # The name of a program stands in brackets, and may hold blanks.
                parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found = [self.process.pid]
        for one in found:
            found += [child for child, parent in parents.items() if parent == one]
        return found

    def cpu_seconds(self) -> float:
        """Return the processor time that its threads have used, in user and system mode.

        By the nanoseconds of the scheduler: the usual figures are samples, 100 a second, and miss who sleeps often.
        """
        files = [file for member in self.members() for file in (PROC / str(member)).glob("task/*/schedstat")]
        return sum(int(file.read_text().split()[0]) for file in files) / 1e9

    def memory_mb(self) -> float:
        """Return the memory of its processes in MB; what several share is counted once (PSS)."""
        total = 0
        for member in self.members():
            lines = (PROC / str(member) / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total * 1024 / 1e6

    def terminate(self) -> int:
        """Tell it to stop and return its exit code. Raises AbsentError when it does not stop."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise AbsentError(f"{self.contender.name} did not stop within {STOP_SECONDS} s.") from error


@contextmanager
def running(contender: Contender, model: Path) -> Iterator[Running]:
    """Give a server that is ready, and end all of its processes afterwards.

    Raises AbsentError with the last lines of its output when it ends or does not become ready.
    """
    port = free_port()
    words = {
        "bin": contender.programs, "model": model, "port": port, "other": free_port(), "third": free_port()
    }  # fmt: skip
    own = {name: value.format(**words) for name, value in contender.environment.items()}
    # Programs that a server starts by name shall be those of its own environment.
    path = f"{contender.programs}{os.pathsep}{os.environ['PATH']}"
    command = [part.format(**words) for part in contender.command]
    output = model.parent / f"{contender.name}.log"
    with output.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**clean(), "PATH": path, **own}, cwd=model.parent, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    if SERVER_CORE is not None:
        os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        wait_until_ready(process, contender, port, output)
        yield Running(contender, model, process, port, time.perf_counter() - began)
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            end(process, number)


def clean() -> dict[str, str]:
    """Return the environment without what would set a server otherwise."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "PYTHON", "PORT"))}


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and all that it started, and wait a moment."""
    try:
        os.killpg(process.pid, number)
        process.wait(STOP_SECONDS)
    except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
        return


def wait_until_ready(process: subprocess.Popen[bytes], contender: Contender, port: int, output: Path) -> None:
    """Ask every two milliseconds, on a connection of its own, as a balancer would. Raises AbsentError."""
    patience = time.perf_counter() + START_SECONDS
    while status(port, contender.ready) != 200:
        if process.poll() is not None or time.perf_counter() > patience:
            said = " ".join(output.read_text(encoding="utf-8", errors="replace").split())[-300:]
            raise AbsentError(f"{contender.name} did not become ready: {said}")
        time.sleep(0.002)


def status(port: int, path: str) -> int:
    """Return the status of a GET, 0 without an answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
            return int(connection.recv(1000)[9:12] or 0)
    except (OSError, ValueError):
        return 0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def load_command(port: int, path: str, bodies: Path, **options: object) -> list[str]:
    """Return the command of the load generator; an option that is True stands alone."""
    line = [sys.executable, "-m", "benchmarks.serve.load", "--port", str(port), "--path", path, "--bodies", str(bodies)]
    if LOAD_CORE is not None:
        line += ["--core", str(LOAD_CORE)]
    for name, value in options.items():
        line += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return line
