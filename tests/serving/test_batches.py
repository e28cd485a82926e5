import asyncio
import threading
import time
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from gatehouse.predictions import Predictions
from gatehouse.serving.batches import Batches, Rows
from gatehouse.serving.runtime import ModelError


class Doubler:
    """Doubles x, fails on a negative one, and waits where it is told to; it keeps the length of each call."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, rows: Rows) -> Predictions:
        """Answer rows."""
        self.calls.append(len(rows))
        self.entered.set()
        assert self.go.wait(20)
        numbers = np.array([row["x"] for row in rows], float)
        if (numbers < 0).any():
            raise ModelError("negative")
        return Predictions(2 * numbers, np.empty(0))


def asked(model: Doubler, parts: list[list[float]], maximum: int = 1000) -> list[Any]:
    """Ask for one row, and for all parts while that is answered; return the parts' answers."""

    async def played(batches: Batches) -> list[Any]:
        first = asyncio.create_task(batches.predict([{"x": 0}]))
        await asyncio.to_thread(model.entered.wait, 20)
        others = [asyncio.create_task(batches.predict([{"x": x} for x in part])) for part in parts]
        await asyncio.sleep(0)
        model.go.set()
        await first
        return await asyncio.gather(*others, return_exceptions=True)

    with closing(Batches(model, lambda: None, maximum)) as batches:
        return asyncio.run(played(batches))


def test_waiting_rows_go_together() -> None:
    """What waits while the model is busy is predicted in one call, and each request gets its own."""
    model = Doubler()
    found = asked(model, [[1], [2, 3], [4]])
    assert [part.values.tolist() for part in found] == [[2], [4, 6], [8]]
    assert model.calls == [1, 4]


def test_answered_clients_come_along() -> None:
    """Who asks again at once is in the next batch, with those who waited meanwhile."""
    model = Doubler()
    model.go.set()

    async def client(batches: Batches, start: float) -> None:
        for number in range(3):
            await batches.predict([{"x": start + number}])

    async def played(batches: Batches) -> None:
        await asyncio.gather(*(client(batches, 10 * number) for number in range(8)))

    with closing(Batches(model, lambda: None)) as batches:
        asyncio.run(played(batches))
    assert model.calls == [1, 8, 8, 7]


def test_one_failure_is_alone() -> None:
    """Where a call of many fails, each is tried alone: only the request that fails does."""
    found = asked(Doubler(), [[1], [-2], [3]])
    assert isinstance(found[1], ModelError)
    assert [part.values.tolist() for part in found[::2]] == [[2], [6]]


def test_calls_have_an_end() -> None:
    """A call takes no more rows than the limit, unless one request has more."""
    model = Doubler()
    asked(model, [[1, 2], [3, 4], [5, 6, 7, 8]], maximum=3)
    assert model.calls == [1, 2, 2, 4]


def test_queue_is_told() -> None:
    """It is known how many requests wait, and how long all of them take, by the calls and by the rows of large ones."""
    seen: list[tuple[int, float]] = []
    go = threading.Event()

    def model(rows: Rows) -> Predictions:
        time.sleep(0.02 + 0.001 * len(rows))
        assert go.wait(20)
        return Predictions(np.zeros(len(rows)), np.empty(0))

    async def played(batches: Batches) -> None:
        go.set()
        for rows in (1, 200, 200, 200, 200, 1):
            await batches.predict([{}] * rows)
        seen.append(batches.queue())
        go.clear()
        others = [asyncio.create_task(batches.predict([{}] * 100)) for _ in range(4)]
        for _ in others:
            await asyncio.sleep(0.01)
        seen.append(batches.queue())
        go.set()
        await asyncio.gather(*others)
        seen.append(batches.queue())

    with closing(Batches(model, lambda: None, 200)) as batches:
        asyncio.run(played(batches))
    assert seen[0] == seen[-1] == (0, 0)
    assert seen[1][0] == 2
    assert seen[1][1] >= 0.9 * (2 * 0.02 + 400 * 0.001)


def test_gone_client_is_skipped() -> None:
    """Rows that nobody waits for any more are not predicted."""
    model = Doubler()

    async def played(batches: Batches) -> None:
        first = asyncio.create_task(batches.predict([{"x": 0}]))
        await asyncio.to_thread(model.entered.wait, 20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(batches.predict([{"x": 1}]), 0.01)
        model.go.set()
        await first
        await batches.predict([{"x": 2}, {"x": 3}])

    with closing(Batches(model, lambda: None)) as batches:
        asyncio.run(played(batches))
    assert model.calls == [1, 2]
