"""Requests that arrive in one turn of the event loop are answered together, by one call of the model.

Nobody waits for others to come: what has arrived is answered when all of it was read. A crowd is answered in parts,
between which the event loop reads, refuses and tells its health.
"""

import asyncio
import time
from typing import Protocol, TypeAlias

from gatehouse.errors import GatehouseError
from gatehouse.serving import answers
from gatehouse.serving.overload import LEAST, ROW
from gatehouse.serving.service import Outcome, Service, report


class Connection(Protocol):
    """Where a request came from."""

    def send(self, status: int, body: bytes, name: str) -> None:
        """Send an answer to the request of this id."""

    def answered(self) -> None:
        """Go on with what else came from there."""


# Where a request came from, its body and its id, and when it came.
Taken: TypeAlias = tuple[Connection, bytes, str, float]


class Turn:
    """What arrives in one turn of the event loop."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._taken: list[Taken] = []
        # Whether a task is there that answers what is taken now.
        self._begun = False

    def take(self, connection: Connection, body: bytes, name: str, tasks: set[asyncio.Task[None]]) -> None:
        """Have a request answered at the turn's end; `tasks` are those that the server waits for when it stops."""
        if not self._begun:
            self._begun = True
            # What is begun now has its turn when all that has arrived was read.
            task = asyncio.get_running_loop().create_task(self._end())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        self.service.overload.under_way += 1
        self.service.metrics.in_flight += 1
        self._taken.append((connection, body, name, time.perf_counter()))

    async def _end(self) -> None:
        at_once = self.service.runtime.inline_rows
        if at_once and not self.service.cache:
            try:
                await self._in_parts(at_once)
            finally:
                self._begun = False
            return
        taken, self._taken, self._begun = self._taken, [], False
        # More rows than are predicted at once would go to another thread. Where all do, they go together.
        size = at_once or len(taken)
        for start in range(0, len(taken), size):
            await self._answer(taken[start : start + size])

    async def _in_parts(self, size: int) -> None:
        """Answer all that was taken, and what comes meanwhile; between two parts others have their turn."""
        overload = self.service.overload
        while self._taken:
            await overload.turn(ROW, len(self._taken))
            taken, self._taken = self._taken[:size], self._taken[size:]
            began = time.perf_counter()
            await self._answer(taken)
            # One alone takes several times as long as each of many: by its price a crowd would be refused.
            if len(taken) >= min(size, LEAST):
                overload.took(ROW, time.perf_counter() - began, len(taken))

    async def _answer(self, taken: list[Taken]) -> None:
        outcomes: list[Outcome]
        try:
            outcomes = await self.service.predict_all([(body, name) for _, body, name, _ in taken])
        except Exception as error:  # nothing may reach a client but a clean answer
            report(error, taken[0][2])
            outcomes = [answers.told(answers.failure(500, "The server failed.", name)) for _, _, name, _ in taken]
        now, metrics = time.perf_counter(), self.service.metrics
        for (connection, _, name, began), outcome in zip(taken, outcomes, strict=True):
            told = answers.told(answers.of(outcome, name)) if isinstance(outcome, GatehouseError) else outcome
            metrics.in_flight -= 1
            self.service.overload.under_way -= 1
            try:
                metrics.answered(answers.PREDICT, told[0], now - began)
                connection.send(*told, name)
                connection.answered()
            except Exception as error:  # of one connection, and the others wait for their answers
                report(error, name)
