"""A process that serves one bundle for nothing but to be timed; see `gatehouse.serving.measure`."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from gatehouse.errors import TargetError

ANSWER_SECONDS = 60.0
END_SECONDS = 10.0
LAST_LINES, LAST_BYTES = 12, 4000
# What `docker run` ends with when it could not even begin; Python ends with 1 and 2.
ENGINE_FAILED = 125


class UnservedError(TargetError):
    """The bundle of `who` cannot be loaded, its model does not answer the rows, or its process fails meanwhile."""

    def __init__(self, who: str, why: str) -> None:
        super().__init__(f"The {who} {why}")
        self.who = who


class Meter:
    """A started process. `who` is what messages call it; `remove` does away with what is left when it was killed.

    Raises TargetError when it cannot be started.
    """

    def __init__(self, who: str, command: Sequence[str], remove: Callable[[], object] = lambda: None) -> None:
        self.who, self.remove = who, remove
        self.killed, self.seconds = False, ANSWER_SECONDS
        self.words = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        try:
            # In a session of its own, so that a Ctrl-C reaches us alone, and we end it.
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.words, text=True,
                encoding="utf-8", errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self.words.close()
            raise TargetError(f"'{command[0]}' cannot be started to time the {who}: {error.strerror}.") from error

    def wait_until_loaded(self, seconds: float) -> None:
        """Wait until the model is loaded and warm.

        Raises UnservedError when the process ends before that, or takes more than `seconds`.
        """
        with self._within(seconds):
            line = pipe(self.process.stdout).readline()
        if not line and not self.killed and self.process.wait(END_SECONDS) != ENGINE_FAILED:
            raise UnservedError(self.who, f"cannot be loaded to be timed. {self._last_words()}")
        self._read(line, "bundle", seconds)

    def send(self, kind: str, bodies: Sequence[str]) -> None:
        """Hand over the bodies of requests of a kind. Raises UnservedError when the model does not answer them."""
        self._ask(["bodies", kind, [*bodies]], "bodies")

    def time(self, kind: str, number: int) -> float:
        """Return the milliseconds that request `number` of a kind took; after the last comes the first again."""
        return self._ask(["time", kind, number], "ms")

    def peak_mb(self) -> float:
        """Return the most memory that the process has had, in megabytes (1,000,000 bytes)."""
        return self._ask(["memory"], "peak_mb")

    def close(self) -> None:
        """End the process; kill it when it does not end by itself."""
        try:
            with suppress(OSError):  # what was not read when it ended
                pipe(self.process.stdin).close()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
        finally:
            if self.process.poll() is None:
                self._kill()
                self.process.wait()
            if self.killed:
                self.remove()
            pipe(self.process.stdout).close()
            self.words.close()

    def _ask(self, command: list[Any], key: str) -> float:
        """Send a command and return the number that its answer holds under `key`."""
        line = ""
        with self._within(self.seconds), suppress(OSError):  # a process that has ended takes no command
            stdin = pipe(self.process.stdin)
            stdin.write(f"{json.dumps(command)}\n")
            stdin.flush()
            line = pipe(self.process.stdout).readline()
        with suppress(ValueError, TypeError):
            return float(self._read(line, key, self.seconds))
        raise self._failed(f"said {line.strip()[:200]!r}")

    def _read(self, line: str, key: str, seconds: float) -> Any:
        if self.killed:
            raise self._failed(f"did not answer within {seconds:g} s")
        if not line:
            raise self._failed("answered nothing")
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict) and "error" in answer:
                raise UnservedError(self.who, f"does not answer the held-out rows: {answer['error']}")
            if isinstance(answer, dict) and key in answer:
                return answer[key]
        raise self._failed(f"said {line.strip()[:200]!r}")

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Kill the process when it takes longer, which ends whatever we wait for."""
        timer = threading.Timer(seconds, self._kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill(self) -> None:
        self.killed = True
        self.process.kill()

    def _failed(self, what: str) -> TargetError:
        why = f"cannot be timed: its process {what}. {self._last_words()}"
        # That the engine failed says nothing of the bundle.
        failed = self.process.poll() == ENGINE_FAILED
        return TargetError(f"The {self.who} {why}") if failed else UnservedError(self.who, why)

    def _last_words(self) -> str:
        """Say how the process ended, and the end of what it wrote to stderr."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        code = self.process.poll()
        ended = "It still runs" if code is None else f"It ended with the exit code {code}"
        # Not by `seek` and `read`: the process writes where this file's one position stands.
        start = max(0, os.fstat(self.words.fileno()).st_size - LAST_BYTES)
        said = os.pread(self.words.fileno(), LAST_BYTES, start).decode(errors="replace")
        lines = "\n".join(said.strip().splitlines()[-LAST_LINES:])
        return f"{ended}; its last words were:\n{lines}" if lines else f"{ended}, without a word."


def pipe(end: IO[str] | None) -> IO[str]:
    """Return one end of a process's pipes, which Popen was told to make."""
    assert end is not None  # noqa: S101
    return end
