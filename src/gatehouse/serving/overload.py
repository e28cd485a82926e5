"""Tells when a server has taken on too much, so that it refuses at once what it could only answer late.

Two things may be too much: the requests under way, and the time for which they wait. What was let in is answered in
turns of the event loop that end after some milliseconds: between two of them what has arrived is read, the surplus
refused, and health told.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import TypeAlias

# Two kinds of requests, by what they take: a plain one of one row, and any other. Each has its own part of a turn.
ROW, ROWS = "row", "rows"
# Requests that are let in whatever they take: where a few are slow, the machine is, and refusing helps nobody.
LEAST = 16
# For which a turn answers requests of a kind; where it read for longer, as long as that, and at most a part of the lag.
TURN_SECONDS, LONGEST = 0.0025, 0.25
# Requests refused in one turn of which the next ones wait for another turn: libuv goes on to read while more than a
# thousand connections have something to say, and who is refused and comes back at once has.
MOST_REFUSED = 512
# How much of a price is remembered at the next answer, and how far that may raise it: the first of a kind loads what
# the later ones find, and a machine stands still now and then, if only while the log is written.
MEMORY, RISE, STEP_SECONDS = 0.8, 2, 1e-4
Place: TypeAlias = "tuple[int, asyncio.Future[None], float]"


class Overload:
    """Counts what a server has taken on: at most `most` requests, and what waits for at most `lag` seconds.

    LEAST are let in even where they wait for longer. `queue()` tells how many requests wait for the model's own thread,
    and for how many seconds another one would.
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
        # Seconds that a request lately took of the event loop, by kind; without any, nobody knows yet.
        self.prices: dict[str, float] = {}
        # Requests that were let in and wait for a turn, and the seconds that they will take.
        self.waiting, self.owed = 0, 0.0
        # Who waits for another turn than the next one, a heap by their numbers, with the seconds that they will take;
        # the seconds of the next turn that others will take; and when this one began. By kind.
        self._numbers = itertools.count()
        self._lines: dict[str, list[Place]] = {ROW: [], ROWS: []}
        self._given = {ROW: 0.0, ROWS: 0.0}
        self._began: dict[str, float] = {}
        self._length, self._ending = TURN_SECONDS, False
        # When this turn began to read, and last did; what it let in, with the seconds that it will take, and what not.
        self._first, self._last = 0.0, 0.0
        self._read, self._spent, self._refused = 0, 0.0, 0
        # For how long the last one read.
        self._reading = 0.0

    def crowded(self, kind: str) -> bool:
        """Tell whether a request that was just read, and has its turn later, is one too many."""
        if self.refuses():
            return True
        self._reads()
        self._read += 1
        self._spent += self.prices.get(kind, 0.0)
        return False

    def refuses(self) -> bool:
        """Tell whether one more request is too many: as many are under way, or those that wait do so for the lag."""
        surplus = self.under_way >= self.most or self._late()
        if surplus:
            self._refused += 1
            self._reads()
        return surplus

    def besieged(self) -> bool:
        """Tell whether this turn has refused so many that those refused now are not to be read again in it."""
        return self._refused > MOST_REFUSED

    async def turn(self, kind: str, requests: int = 1) -> None:
        """Have requests wait for a turn that is not full; of one kind, who came first is first."""
        line = self._lines[kind]
        if not line and not self._full(kind):
            return
        number, seconds = next(self._numbers), requests * self.prices.get(kind, 0.0)
        self.waiting, self.owed = self.waiting + requests, self.owed + seconds
        try:
            if not line and self._given[kind] <= TURN_SECONDS:
                self._given[kind] += seconds
                await asyncio.sleep(0)
            else:
                await self._called(line, number, seconds)
            # The turn begins with the first that has it; where those before took more than their price, it is full.
            while self._full(kind):
                await self._called(line, number, seconds)
        finally:
            self.waiting, self.owed = self.waiting - requests, self.owed - seconds

    def took(self, kind: str, seconds: float, requests: int = 1) -> None:
        """Learn what some requests of a kind, answered together, took of the event loop."""
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

    def _late(self) -> bool:
        queued, behind = self.queue()
        requests, seconds = self._read + self.waiting + queued, self._spent + self.owed + behind
        return requests >= LEAST and seconds > self.lag

    def _reads(self) -> None:
        self._last = self.clock()
        if not self._first:
            self._first = self._last
            # What is called soon is called when all that has arrived was read.
            asyncio.get_running_loop().call_soon(self._all_read)

    def _all_read(self) -> None:
        # Whoever is refused and comes back at once could take the whole time: as much goes to those that were let in.
        self._reading = min(self._last - self._first, LONGEST * self.lag)
        self._length = max(TURN_SECONDS, self._reading)
        self._first, self._read, self._spent, self._refused = 0.0, 0, 0.0, 0

    async def _called(self, line: list[Place], number: int, seconds: float) -> None:
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(line, (number, place, seconds))
        await place

    def _end_soon(self) -> None:
        if not self._ending:
            self._ending = True
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        """Begin another turn, and give the one after it to those that wait for longest."""
        self._began.clear()
        self._length, self._reading, self._ending = max(TURN_SECONDS, self._reading), 0.0, False
        for kind, line in self._lines.items():
            self._given[kind] = 0.0
            while line and self._given[kind] <= self._length:
                _, place, seconds = heapq.heappop(line)
                if not place.done():
                    place.set_result(None)
                    self._given[kind] += seconds or TURN_SECONDS
        if any(self._lines.values()):
            self._end_soon()
