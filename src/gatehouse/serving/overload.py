"""Tells when a server has taken on too much, so that it refuses at once what it could only answer late.

Two things may be too much: the requests that wait for an answer, and the time for which they wait. A turn of the event
loop, in which what has arrived is answered and nobody else is, takes a part of it.
"""

import asyncio
import time
from collections.abc import Callable

# Two kinds of requests, by what they take: a plain one of one row, and any other.
ROW, ROWS = "row", "rows"
# Requests that a turn takes on whatever they take: where a few are slow, the machine is, and refusing helps nobody.
LEAST = 16
# Parts of the lag after which a turn ends, and who is left waits for the next ones, at most for so many: meanwhile what
# arrived is read, the surplus refused and health told, each within some milliseconds.
PARTS = 4
# How much of a price is remembered at the next request, and by how much one request may raise it: the first of a kind
# loads what the later ones find, and a machine stands still now and then.
MEMORY, RISE, STEP_SECONDS = 0.9, 2, 1e-4


class Overload:
    """Counts what a server has taken on: at most `most` requests, and what waits for at most `lag` seconds."""

    def __init__(self, most: int, lag: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.lag, self.clock = most, lag, clock
        self.under_way = 0
        # Seconds that a request lately took of the event loop, by kind.
        self.prices: dict[str, float] = {}
        # Requests that were let in and wait for a turn, and the seconds that they will take.
        self.waiting, self.owed = 0, 0.0
        # The request that last had its turn.
        self.served: object = None
        self._turn, self._taken, self._read, self._spent = 0.0, 0, 0, 0.0

    def crowded(self, kind: str) -> bool:
        """Tell whether a request that was just read, and has its turn later, is one too many."""
        if self.under_way >= self.most or self._beyond():
            return True
        if not self._read:
            # What is called soon is called when all that has arrived was read.
            asyncio.get_running_loop().call_soon(self._all_read)
        self._read += 1
        self._spent += self.prices.get(kind, 0.0)
        return False

    def refuses(self) -> bool:
        """Tell whether a request that now has its turn is one too many."""
        late = self._worked() > self.lag and self._taken >= LEAST
        if late or self.under_way >= self.most or self._beyond():
            return True
        self._taken += 1
        return False

    def full(self) -> bool:
        """Tell whether this turn has answered for long enough, so that others are read before more is answered."""
        return self._worked() > self.lag / PARTS

    async def turn(self, kind: str, requests: int = 1) -> None:
        """Have requests wait for a turn that is not full, at most for PARTS: of two kinds, neither waits for ever."""
        if not self.full():
            return
        seconds = requests * self.prices.get(kind, 0.0)
        self.waiting, self.owed = self.waiting + requests, self.owed + seconds
        try:
            for _ in range(PARTS):
                await asyncio.sleep(0)
                if not self.full():
                    return
        finally:
            self.waiting, self.owed = self.waiting - requests, self.owed - seconds

    def took(self, kind: str, seconds: float, requests: int = 1) -> None:
        """Learn what some requests of a kind took of the event loop, while nothing else ran."""
        price = self.prices.get(kind, 0.0)
        each = min(seconds / requests, (RISE * price + STEP_SECONDS) * requests)
        self.prices[kind] = each + (price - each) * MEMORY**requests

    def _beyond(self) -> bool:
        """Tell whether those that were just read and those that wait are more than fit into the lag."""
        return self._read + self.waiting >= LEAST and self._spent + self.owed > self.lag

    def _worked(self) -> float:
        """Return the seconds since this turn began to answer."""
        now = self.clock()
        if not self._turn:
            self._turn = now
            asyncio.get_running_loop().call_soon(self._end)
        return now - self._turn

    def _all_read(self) -> None:
        self._read, self._spent = 0, 0.0

    def _end(self) -> None:
        self._turn, self._taken = 0.0, 0
