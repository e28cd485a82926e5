"""Tells when a server has taken on too much, so that it refuses at once what it could only answer late.

Two things may be too much: the requests that wait for an answer, and the time that one turn of the event loop takes, in
which all that has arrived is answered and nobody else is.
"""

import asyncio
import time
from collections.abc import Callable

# Requests that a turn takes on whatever they take: where a few are slow, the machine is, and refusing helps nobody.
LEAST = 16


class Overload:
    """Counts what a server has taken on: at most `most` requests, and turns that may take `lag` seconds."""

    def __init__(self, most: int, lag: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.lag, self.clock = most, lag, clock
        self.under_way = 0
        # Seconds that a request lately took whose work is put off to the turn's end.
        self.price = 0.0
        self._turn, self._taken = 0.0, 0

    def refuses(self) -> bool:
        """Tell whether a request that now has its turn is one too many."""
        now = self.clock()
        if not self._turn:
            self._turn = now
            # What is called soon is called in the next turn, before all that arrives in between.
            asyncio.get_running_loop().call_soon(self._end)
        late = self._taken >= LEAST and max(now - self._turn, self._taken * self.price) > self.lag
        if late or self.under_way >= self.most:
            return True
        self._taken += 1
        return False

    def _end(self) -> None:
        self._turn, self._taken = 0.0, 0
