"""Predicts on a thread of its own: whatever waits when it is free is predicted together.

The queue is drained as it is, so one client alone is answered as soon as ever, and many share the price of a call. More
threads than one would fight over the interpreter.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeAlias

from gatehouse.errors import GatehouseError
from gatehouse.predictions import Predictions

Rows: TypeAlias = Sequence[Mapping[str, Any]]
Job: TypeAlias = "tuple[Rows, asyncio.Future[Predictions]]"
Outcome: TypeAlias = Predictions | GatehouseError
# Turns of the event loop between two batches, half a millisecond where few are about: who was just answered can be in
# the next batch, and does not wait for the one after it. With 16 clients that is 1.7 times as many answers, each in two
# thirds of the time.
TURNS = 10
# Rows of a call by which it is known what each of many takes.
MANY = 100


class Batches:
    """A queue of rows and the thread that predicts them; `prepare` is called on it first.

    `answer(rows)` raises GatehouseError; at most `maximum_rows` are given to it at a time, or one request's.
    """

    def __init__(
        self, answer: Callable[[Rows], Predictions], prepare: Callable[[], None], maximum_rows: int = 1000
    ) -> None:
        self._answer, self._maximum = answer, maximum_rows
        self._waiting: deque[Job] = deque()
        # The rows that wait or are with the model, and the seconds of a call: for few rows, and for each of many.
        self._rows, self._least, self._each = 0, 0.0, 0.0
        self._busy = False
        self.thread = ThreadPoolExecutor(1, "model", initializer=prepare)

    async def predict(self, rows: Rows) -> Predictions:
        """Predict for rows. Raises what `answer` raises for them alone."""
        future: asyncio.Future[Predictions] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, future))
        self._rows += len(rows)
        if not self._busy:
            self._next()
        return await future

    def queue(self) -> tuple[int, float]:
        """Return how many requests wait, and the seconds that all that are there will take."""
        return len(self._waiting), math.ceil(self._rows / self._maximum) * self._least + self._rows * self._each

    def close(self) -> None:
        """Stop the thread when it has done what it does."""
        self.thread.shutdown()

    def _next(self) -> None:
        """Have the thread predict what waits."""
        taken = self._take()
        self._busy = bool(taken)
        if taken:
            work = asyncio.get_running_loop().run_in_executor(self.thread, self._work, [rows for rows, _ in taken])
            work.add_done_callback(lambda done: self._finish(taken, done))

    def _take(self) -> list[Job]:
        """Take jobs from the queue, without those that nobody waits for any more."""
        taken: list[Job] = []
        count = 0
        while self._waiting:
            rows, future = self._waiting[0]
            if taken and count + len(rows) > self._maximum:
                break
            self._waiting.popleft()
            if future.done():
                self._rows -= len(rows)
            else:
                taken.append((rows, future))
                count += len(rows)
        return taken

    def _work(self, parts: Sequence[Rows]) -> list[Outcome]:
        """Predict all parts at once; where that fails, each alone, so that no request fails for another's rows."""
        began = time.perf_counter()
        try:
            together = self._answer([row for rows in parts for row in rows])
        except GatehouseError as error:
            return [error] if len(parts) == 1 else [self._work([rows])[0] for rows in parts]
        ends = [0]
        for rows in parts:
            ends.append(ends[-1] + len(rows))
        self._learn(time.perf_counter() - began, ends[-1])
        return [together.part(start, end) for start, end in pairwise(ends)]

    def _learn(self, seconds: float, rows: int) -> None:
        self._least = min(seconds, self._least or seconds)
        # By what fewer take more than the least, a machine's hesitation would count for each of many.
        if rows >= MANY:
            self._each = (self._each + (seconds - self._least) / rows) / 2

    def _finish(self, taken: list[Job], done: "asyncio.Future[list[Outcome]]") -> None:
        for (rows, future), outcome in zip(taken, done.result(), strict=True):
            self._rows -= len(rows)
            if future.done():
                continue
            if isinstance(outcome, Predictions):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
        self._rest(TURNS)

    def _rest(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._rest, turns - 1)
        else:
            self._next()
