"""Carries complete files of the prediction log from this machine's disk to an address that fsspec knows.

The server writes to a folder, the spool, as it always does. What is complete there is uploaded in the background, below
the day of its last record, and removed here only when it has arrived; while the address is out of reach it waits. What
an earlier server left behind, because it was killed, is carried as well.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gatehouse import files
from gatehouse.errors import ConfigError
from gatehouse.serving.log_files import Limits
from gatehouse.serving.log_writer import Count, Lines, LogWriter

LOGGER = logging.getLogger(__name__)
# A machine that is lost takes a minute of its log with it; the drift check sees hours.
LIMITS = Limits(file_bytes=16 * 2**20, file_seconds=60.0)
# Some 2 million records: hours of a busy server that cannot reach its address.
SPOOL_BYTES = 2**30
CLOSE_SECONDS = 3.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Log(Protocol):
    """What a prediction log is to whoever adds to it."""

    def add(self, count: int, lines: Lines) -> None:
        """Queue what makes `count` lines. Never waits."""

    def close(self) -> None:
        """Write what is queued."""


class ShippedLog:
    """A log that is written to `spool` and carried to `url`, in the form that a LogWriter has.

    Raises ConfigError for an address that fsspec does not know, EvidenceError when the spool cannot be written.
    """

    def __init__(self, url: str, spool: Path, dropped: Count, written: Count, limits: Limits = LIMITS) -> None:
        self._shipper = Shipper(url, spool, dropped)
        self._writer = LogWriter(spool, dropped, written, self._shipper.wake, limits)

    def add(self, count: int, lines: Lines) -> None:
        """Queue what makes `count` lines; what does not fit is dropped and counted. Never waits."""
        self._writer.add(count, lines)

    def close(self) -> None:
        """Write what is queued, and carry it over; what is not carried in time stays in the spool."""
        self._writer.close()
        self._shipper.close()


class Shipper:
    """Uploads what is complete in the spool, on a thread of its own; `dropped(n)` is told of records that had to go."""

    def __init__(self, url: str, spool: Path, dropped: Count, spool_bytes: int = SPOOL_BYTES) -> None:
        require(url)
        self._url, self._spool, self._dropped, self._spool_bytes = url.rstrip("/"), spool, dropped, spool_bytes
        self._wake, self._closing = threading.Event(), threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._work, name="prediction-log-shipper", daemon=True)
        self._thread.start()

    def wake(self, *_: Any) -> None:
        """Look into the spool: a file is complete."""
        self._wake.set()

    def close(self) -> None:
        """Carry what is complete, if that can be done in time."""
        self._closing.set()
        self._wake.set()
        self._thread.join(CLOSE_SECONDS)
        waiting = len(list(self._spool.glob("*.jsonl")))
        if waiting:
            LOGGER.warning("%d files of the prediction log wait in %s for the next server.", waiting, self._spool)

    def _work(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            # Asked before the round, so that a file which is finished during the last round is carried by one more.
            last = self._closing.is_set()
            self._wake.clear()
            arrived = self._round()
            if last:
                return
            pause = SHORTEST_PAUSE if arrived else min(LONGEST_PAUSE, 2 * pause)
            self._wake.wait(None if arrived else pause)

    def _round(self) -> bool:
        """Upload what is complete, the oldest first, and say whether all of it has arrived."""
        try:
            for path in self._complete():
                with held(path) as stream:
                    if stream is not None:
                        self._upload(path, stream)
                        path.unlink()
        except Exception as error:  # whatever a file system of some cloud may raise
            if not self._failing:  # once; it is tried again until it arrives
                LOGGER.warning("The prediction log cannot be carried to %s, and waits in %s: %s: %s",
                               self._url, self._spool, type(error).__name__, error)  # fmt: skip
            self._failing = True
            with suppress(OSError):  # a disk that does not even let go
                self._make_room()
            return False
        self._failing = False
        return True

    def _complete(self) -> list[Path]:
        return sorted(path for path in self._spool.glob("*.jsonl") if size(path))

    def _upload(self, path: Path, stream: BinaryIO) -> None:
        from fsspec.core import url_to_fs

        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        # An instance of its own: a transaction belongs to the instance. With it a reader sees the whole file or none.
        system, folder = url_to_fs(f"{self._url}/{day}", skip_instance_cache=True)
        system.makedirs(folder, exist_ok=True)
        with system.transaction, system.open(f"{folder}/{path.name}", "wb") as there:
            shutil.copyfileobj(stream, there, 2**20)

    def _make_room(self) -> None:
        """Give up the oldest files where the spool holds more than it may."""
        paths = self._complete()
        excess = sum(map(size, paths)) - self._spool_bytes
        for path in paths:
            with held(path) as stream:
                if excess > 0 and stream is not None:
                    excess -= size(path)
                    self._dropped(sum(block.count(b"\n") for block in iter(lambda: stream.read(2**20), b"")))
                    path.unlink()


def open_log(where: Path | str | None, spool: Path | None, dropped: Count, written: Count) -> Log | None:
    """Open the log that is written to a folder, or to an address by way of the folder `spool`; nowhere, there is none.

    Raises ConfigError for an address that fsspec does not know, EvidenceError when the folder cannot be written.
    """
    if not where:
        return None
    if files.is_url(where):
        return ShippedLog(str(where), spool_of(str(where), spool), dropped, written)
    return LogWriter(Path(where), dropped, written)


def spool_of(url: str, folder: Path | None = None) -> Path:
    """Return the spool of one address, below a folder, or below one of this user's where none was named.

    Two servers with different addresses have different spools, since each carries all that it finds in its own.
    """
    root = folder or Path(tempfile.gettempdir()) / f"gatehouse-log-{os.getuid()}"
    return root / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:12]


@contextmanager
def held(path: Path) -> Iterator[BinaryIO | None]:
    """Give a file that nobody else holds, and hold it; None when its server still writes it, or another carries it."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = path.exists()
        except OSError:
            mine = False
        yield stream if mine else None


def size(path: Path) -> int:
    """Return the bytes of a file, 0 where it is gone: another server of the same spool may have carried it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def require(url: str) -> None:
    """Raise ConfigError for an address that fsspec does not know, or lacks a package for; nothing is reached yet."""
    try:
        import fsspec

        fsspec.get_filesystem_class(url.partition("://")[0])
    except ImportError as error:
        raise ConfigError(
            f"The prediction log cannot be carried to {url}: {error}. Add it to the server's requirements."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"The prediction log cannot be carried to {url}: {error}. Name a folder, or an address that fsspec knows."
        ) from error
