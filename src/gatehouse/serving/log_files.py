"""One process's files of lines in a folder: it appends to the newest, and begins another when that is large or old."""

import fcntl
import logging
import math
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from gatehouse.errors import EvidenceError

LOGGER = logging.getLogger(__name__)
Finished = Callable[[Path], Any]


def ignored(*_: Any) -> None:
    """Take no notice of what is told."""


@dataclass(frozen=True)
class Limits:
    """Lines that may wait, bytes and seconds after which a new file is begun, and seconds to flush at the end."""

    waiting: int = 10_000
    file_bytes: int = 64 * 2**20
    file_seconds: float = math.inf
    flush_seconds: float = 5.0


class LogFiles:
    """Files that this process alone appends to; `finished(path)` is called when one will not change any more.

    Raises EvidenceError when the folder cannot be written.
    """

    def __init__(self, folder: Path, limits: Limits, finished: Finished = ignored) -> None:
        self._folder, self._limits, self._finished = folder, limits, finished
        # A container's process id is always 1, so the name needs more than that.
        self._name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
        self._number, self._size, self._begun, self._broken = 1, 0, 0.0, False
        self._path, self._file = self._open()

    @property
    def patience(self) -> float | None:
        """Seconds until the file is too old, None when that never is."""
        if math.isinf(self._limits.file_seconds):
            return None
        age = time.monotonic() - self._begun if self._size else 0.0
        return max(0.0, self._limits.file_seconds - age)

    def append(self, lines: bytes) -> int:
        """Append lines, each with its end, and return how many are in the file whole: a full disk takes a part.

        Raises OSError or EvidenceError when nothing could be tried.
        """
        # A file that somebody removed would go on taking lines that nobody sees.
        removed = os.fstat(self._file.fileno()).st_nlink == 0
        if removed or (self._size and self._size + len(lines) > self._limits.file_bytes):
            self.turn()
        done = 0
        try:
            # The file may end in half a line: the next one must not grow onto it.
            if self._broken:
                self._write(b"\n")
            # A raw file may take less at once.
            while done < len(lines):
                done += self._write(lines[done:])
            self._broken = False
        except OSError as error:
            if not self._broken:  # once; the counter tells how many
                LOGGER.warning("The prediction log loses records: %s", error)
            self._broken = True
        return lines[:done].count(b"\n")

    def turn(self) -> None:
        """Finish the file, and begin the next. Raises EvidenceError when that cannot be; the file then stays."""
        self._number += 1
        following = self._open()
        self.close()
        (self._path, self._file), self._size, self._broken = following, 0, False

    def close(self) -> None:
        """Finish the file; an empty one is removed."""
        self._file.close()
        if self._size and self._path.exists():
            self._finished(self._path)
        else:
            self._path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> int:
        written = os.write(self._file.fileno(), data)
        if not self._size:
            self._begun = time.monotonic()
        self._size += written
        return written

    def _open(self) -> tuple[Path, BinaryIO]:
        path = self._folder / f"{self._name}-{self._number:04d}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            stream = path.open("ab", buffering=0)
        except OSError as error:
            raise EvidenceError(f"The prediction log in {self._folder} cannot be written: {error.strerror}.") from error
        with suppress(OSError):  # not every file system knows it
            # Until the file is closed, or this process is killed: who carries complete files away leaves this one.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path, stream
