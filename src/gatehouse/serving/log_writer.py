"""Writes the prediction log in the background: a server never waits for its log.

What is to be written waits in a queue that has an end; a thread makes the lines and writes them, many at a time; what
does not fit, or cannot be written, is dropped and counted.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gatehouse.serving.log_files import Finished, Limits, LogFiles, ignored

LOGGER = logging.getLogger(__name__)
DEFAULT = Limits()
Count = Callable[[int], Any]
# Makes its lines, each with its end, when the thread has the time.
Lines = Callable[[], bytes]
# Seconds in which lines gather: each time that the thread wakes, some request waits for the interpreter. A server that
# is killed loses these lines.
GATHER_SECONDS = 0.2
# In one write: a thread that makes lines for long would keep the server from answering.
MOST_LINES = 500


class LogWriter:
    """Appends lines to files of its own in a folder; only one thread may add.

    `written(n)` and `dropped(n)` are told of lines that were written and lost, mostly on the writing thread, and
    `finished(path)` of a file that will not change any more. Raises EvidenceError when the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        dropped: Count,
        written: Count = ignored,
        finished: Finished = ignored,
        limits: Limits = DEFAULT,
    ) -> None:
        self._dropped, self._written, self._limits = dropped, written, limits
        # Each of the two is changed by one thread only, so that no lock is needed to know how many lines wait.
        self._added = self._taken = 0
        self._failing = False
        self._queue: deque[tuple[int, Lines]] = deque()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._files = LogFiles(folder, limits, finished)
        self._thread = threading.Thread(target=self._work, name="prediction-log", daemon=True)
        self._thread.start()

    def add(self, count: int, lines: Lines) -> None:
        """Queue what makes `count` lines; what does not fit is dropped and counted. Never waits."""
        waiting = self._added - self._taken
        # Alone it may be longer than the queue, or a request of very many rows would never be logged.
        if waiting and waiting + count > self._limits.waiting:
            self._dropped(count)
            return
        self._added += count
        self._queue.append((count, lines))
        if not self._wake.is_set():
            self._wake.set()

    def close(self) -> None:
        """Write what is queued; what a stuck disk does not take in time is dropped and counted."""
        self._closing.set()
        self._wake.set()
        self._thread.join(self._limits.flush_seconds)
        if self._thread.is_alive():
            self._dropped(self._added - self._taken)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(self._files.patience)
            self._closing.wait(GATHER_SECONDS)
            # Before the queue is emptied: what is added from here on wakes the thread again.
            self._wake.clear()
            self._empty()
            if self._files.patience == 0:
                self._attempt(self._files.turn)
        self._empty()
        self._attempt(self._files.close)

    def _empty(self) -> None:
        while self._queue:
            expected, makers = 0, []
            while self._queue and expected < MOST_LINES:
                count, lines = self._queue.popleft()
                expected += count
                makers.append(lines)
            kept = self._attempt(partial(self._write, makers)) or 0
            self._taken += expected
            self._written(kept)
            if kept < expected:
                self._dropped(expected - kept)

    def _write(self, makers: Sequence[Lines]) -> int:
        return self._files.append(b"".join(lines() for lines in makers))

    def _attempt(self, act: Callable[[], int | None]) -> int | None:
        """Act; whatever goes wrong, the thread must go on, or every later record is lost."""
        try:
            done = act()
        except Exception as error:
            if not self._failing:  # once; the counter tells how many
                LOGGER.warning("The prediction log loses records: %s: %s", type(error).__name__, error)
            self._failing = True
            return 0
        self._failing = False
        return done
