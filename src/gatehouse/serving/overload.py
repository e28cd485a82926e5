"""Tells when a server has taken on too much, so that it refuses at once what it could only answer late.

Two things may be too much: the requests that wait for an answer, and the time that they wait in one turn of the event
loop, in which all that has arrived is answered one by one. A burst makes one long turn, and is answered. Where long
turns follow one another for PATIENCE, each takes on what fits into a part of it, and refuses the rest, until one has
nothing to refuse.
"""

import asyncio
import time
from collections.abc import Callable

# Seconds: several long turns in a row are no burst.
PATIENCE = 0.1
# Of the longest turn: what a busy server takes on in one, so that a refusal comes soon.
PART = 0.1
# Requests that a turn takes on whatever they take: where a few are slow, the machine is, and refusing helps nobody.
LEAST = 16


class Overload:
    """Counts what a server has taken on: at most `most` requests, and turns that may take `lag` seconds."""

    def __init__(self, most: int, lag: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.lag, self.clock = most, lag, clock
        self.under_way = 0
        self._turn = self._ended = self._long_since = 0.0
        self._busy, self._taken = False, 0

    def refuses(self) -> bool:
        """Tell whether a request that now has its turn is one too many."""
        now = self.clock()
        if not self._turn:
            self._turn = now
            # What is called soon is called in the next turn, before all that arrives in between.
            asyncio.get_running_loop().call_soon(self._end)
        late = self._busy and self._taken >= LEAST and now - self._turn > PART * self.lag
        if late or self.under_way >= self.most:
            return True
        self._taken += 1
        return False

    def _end(self) -> None:
        now = self.clock()
        if self._turn - self._ended > PATIENCE:
            self._busy, self._long_since = False, 0.0
        if self._taken < LEAST or now - self._turn <= (PART if self._busy else 1) * self.lag:
            self._busy, self._long_since = False, 0.0
        else:
            self._long_since = self._long_since or self._turn
            self._busy = self._busy or now - self._long_since > PATIENCE
        self._turn, self._ended, self._taken = 0.0, now, 0
