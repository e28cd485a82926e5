"""Tells when a server has taken on too much, so that it refuses at once what it could only answer late.

Two things may be too much: the requests under way, and the time for which they wait. What was let in is answered in
turns of the event loop that end after some milliseconds: between two of them what has arrived is read, the surplus
refused, and health told.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

# Two kinds of requests, by what they take: a plain one of one row, and any other. Each has its own part of a turn.
ROW, ROWS = "row", "rows"
# Requests that are let in whatever they take: where a few are slow, the machine is, and refusing helps nobody.
LEAST = 16
# For which a turn answers requests of a kind.
TURN_SECONDS = 0.0025
# How much of a price is remembered at the next answer, and how far that may raise it: the first of a kind loads what
# the later ones find, and a machine stands still now and then, if only while the log is written.
MEMORY, RISE, STEP_SECONDS = 0.9, 2, 1e-4


class Overload:
    """Counts what a server has taken on: at most `most` requests, and what waits for at most `lag` seconds.

    `queue()` tells how many requests wait for the model's own thread, and for how many seconds another one would.
    """

    def __init__(
        self,
        most: int,
        lag: float,
        queue: Callable[[], tuple[int, float]] = lambda: (0, 0.0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.lag, self.queue, self.clock = most, lag, queue, clock
        self.under_way = 0
        # Seconds that a request lately took of the event loop, by kind.
        self.prices: dict[str, float] = {}
        # Requests that were let in and wait for a turn, and the seconds that they will take.
        self.waiting, self.owed = 0, 0.0
        # The request that last had its turn.
        self.served: object = None
        # Who waits for another turn than the next one, with the seconds that it will take; the seconds of the next turn
        # that are given away; and when this one began. By kind.
        self._lines: dict[str, deque[tuple[asyncio.Future[None], float]]] = {ROW: deque(), ROWS: deque()}
        self._given = {ROW: 0.0, ROWS: 0.0}
        self._began: dict[str, float] = {}
        self._length, self._ending = TURN_SECONDS, False
        # Since when this turn reads, what it let in, and the seconds that this will take.
        self._reading, self._read, self._spent = 0.0, 0, 0.0

    def crowded(self, kind: str) -> bool:
        """Tell whether a request that was just read, and has its turn later, is one too many."""
        if not self._reading:
            self._reading = self.clock()
            # What is called soon is called when all that has arrived was read.
            asyncio.get_running_loop().call_soon(self._all_read)
        if self.refuses():
            return True
        self._read += 1
        self._spent += self.prices.get(kind, 0.0)
        return False

    def refuses(self) -> bool:
        """Tell whether one more request is too many: as many are under way, or those that wait do so for the lag."""
        if self.under_way >= self.most:
            return True
        queued, behind = self.queue()
        requests, seconds = self._read + self.waiting + queued, self._spent + self.owed + behind
        return requests >= LEAST and seconds > self.lag

    async def turn(self, kind: str, requests: int = 1) -> None:
        """Have requests wait for a turn that is not full; of one kind, who came first is first."""
        line = self._lines[kind]
        if not line and not self._full(kind):
            return
        seconds = requests * self.prices.get(kind, 0.0)
        self.waiting, self.owed = self.waiting + requests, self.owed + seconds
        try:
            if line or self._given[kind] > TURN_SECONDS:
                place = asyncio.get_running_loop().create_future()
                line.append((place, seconds))
                await place
            else:
                self._given[kind] += seconds
                await asyncio.sleep(0)
        finally:
            self.waiting, self.owed = self.waiting - requests, self.owed - seconds
        # The turn begins with the first that has it.
        self._full(kind)

    def took(self, kind: str, seconds: float, requests: int = 1) -> None:
        """Learn what some requests of a kind, answered together, took of the event loop, while nothing else ran."""
        price = self.prices.get(kind, 0.0)
        each = min(seconds / requests, RISE * price + STEP_SECONDS)
        self.prices[kind] = each + (price - each) * MEMORY

    def _full(self, kind: str) -> bool:
        """Tell whether this turn has answered a kind for long enough, so that others are read before more of it is."""
        now = self.clock()
        if kind in self._began:
            return now - self._began[kind] > self._length
        self._began[kind] = now
        self._end_soon()
        return False

    def _all_read(self) -> None:
        # Whoever is refused and comes back at once could take the whole time: as much goes to those that were let in.
        self._length = max(TURN_SECONDS, self.clock() - self._reading)
        self._reading, self._read, self._spent = 0.0, 0, 0.0

    def _end_soon(self) -> None:
        if not self._ending:
            self._ending = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Begin another turn, and give the one after it to those that wait for longest."""
        self._began.clear()
        self._length, self._ending = TURN_SECONDS, False
        for kind, line in self._lines.items():
            self._given[kind] = 0.0
            while line and self._given[kind] <= TURN_SECONDS:
                place, seconds = line.popleft()
                if not place.done():
                    place.set_result(None)
                    self._given[kind] += seconds or TURN_SECONDS
        if any(self._lines.values()):
            self._end_soon()
