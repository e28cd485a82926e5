"""Appends records to the prediction log in the background: a server never waits for its log.

Records go through a queue that has an end; a thread writes them; what does not fit is dropped and counted.
"""

import json
import logging
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from gatehouse.errors import EvidenceError

LOGGER = logging.getLogger(__name__)
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """Records that may wait for the writer, bytes after which a new file is begun, and seconds to flush at the end."""

    waiting: int = 10_000
    file_bytes: int = 64 * 2**20
    flush_seconds: float = 5.0


DEFAULT = Limits()


class LogWriter:
    """Appends records to a file of its own in the folder; `dropped(n)` is called when n records were lost.

    Raises EvidenceError when the folder cannot be written.
    """

    def __init__(self, folder: Path, dropped: Callable[[int], Any], limits: Limits = DEFAULT) -> None:
        self._folder, self._dropped, self._limits = folder, dropped, limits
        # A container's process id is always 1, so the name needs more than that.
        self._name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
        self._number, self._size, self._lead = 0, 0, b""
        self._queue: queue.Queue[Record | None] = queue.Queue(limits.waiting)
        self._file = self._open()
        self._thread = threading.Thread(target=self._work, name="prediction-log", daemon=True)
        self._thread.start()

    def add(self, records: Sequence[Record]) -> None:
        """Queue records; those that do not fit are dropped and counted. Never waits."""
        for done, record in enumerate(records):
            try:
                self._queue.put_nowait(record)
            except queue.Full:
                self._dropped(len(records) - done)
                return

    def close(self) -> None:
        """Write what is queued; what a stuck disk does not take in time is dropped and counted."""
        deadline = time.monotonic() + self._limits.flush_seconds
        with suppress(queue.Full):
            self._queue.put(None, timeout=self._limits.flush_seconds)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._dropped(self._queue.qsize())

    def _work(self) -> None:
        going = True
        while going:
            records = self._take()
            going = None not in records
            self._write([record for record in records if record is not None])
        self._file.close()

    def _take(self) -> list[Record | None]:
        """Wait for a record, and take what stands behind it, so that a busy server writes many at once."""
        records = [self._queue.get()]
        with suppress(queue.Empty):
            while len(records) < 1000:
                records.append(self._queue.get_nowait())
        return records

    def _write(self, records: Sequence[Record]) -> None:
        try:
            data = self._lead + "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()
            self._rotate(len(data))
            self._append(data)
            self._lead = b""
        except (OSError, EvidenceError) as error:
            self._dropped(len(records))
            # The file may now end in half a line: the next record must not grow onto it.
            self._lead = b"\n"
            LOGGER.warning("The prediction log lost %d records: %s", len(records), error)

    def _append(self, data: bytes) -> None:
        """Write all of `data`: a raw file may take less at once."""
        view = memoryview(data)
        while view:
            written = os.write(self._file.fileno(), view)
            self._size += written
            view = view[written:]

    def _rotate(self, more: int) -> None:
        if self._size and self._size + more > self._limits.file_bytes:
            full, self._file = self._file, self._open()
            full.close()

    def _open(self) -> BinaryIO:
        file = self._folder / f"{self._name}-{self._number + 1:04d}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            stream = file.open("ab", buffering=0)
        except OSError as error:
            raise EvidenceError(f"The prediction log in {self._folder} cannot be written: {error.strerror}.") from error
        self._number, self._size = self._number + 1, 0
        return stream
