"""How fast the servers' core is while they are loaded: on a machine that is shared, half of its speed goes and comes.

No counter tells of it, stolen time included: who shares the core's units slows each instruction. What other processes
take of the core's time is not seen here; the share of it that a server had tells that.
"""

import json
import os
import statistics
import threading
import time

from benchmarks.serve.processes import SERVER_CORE

# Half a millisecond of the core in a hundred: as little as tells whether it is fast.
EVERY_SECONDS, TIMES = 0.05, 2
WORK = json.dumps([{"a": number, "b": [number] * 3, "c": str(number)} for number in range(200)])


class Pace(threading.Thread):
    """Takes the processor time of a piece of work that is always the same, on the servers' core, until it is ended."""

    def __init__(self) -> None:
        super().__init__(name="pace", daemon=True)
        self._ended = threading.Event()
        self._taken: list[float] = []

    def run(self) -> None:
        """Work, and rest."""
        if SERVER_CORE is not None:
            os.sched_setaffinity(threading.get_native_id(), {SERVER_CORE})
        while not self._ended.wait(EVERY_SECONDS):
            began = time.thread_time()
            for _ in range(TIMES):
                json.loads(WORK)
            self._taken.append(time.thread_time() - began)

    def end(self) -> float:
        """Stop, and return the mean in microseconds; the least that can be told, 0, where nothing was taken."""
        self._ended.set()
        self.join()
        return 1e6 * statistics.mean(self._taken or [0.0])
