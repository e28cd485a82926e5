import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from gatehouse.predictions import Predictions
from gatehouse.stages.faulty_server import Fault, Faulty, Swapped


async def sound(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request well."""
    await PlainTextResponse("ok")(scope, receive, send)


def statuses(app: Faulty, path: str, count: int) -> list[int]:
    """Ask the application and return the statuses of its answers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def ask() -> None:
        for _ in range(count):
            await app({"type": "http", "path": path, "method": "POST", "headers": []}, receive, send)

    asyncio.run(ask())
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


def test_fails_a_share() -> None:
    """The planted share of the predictions fails, the same ones in every rehearsal."""
    found = statuses(Faulty(sound, Fault(error_share=0.3)), "/predict", 1000)
    assert 250 < found.count(500) < 350
    assert found == statuses(Faulty(sound, Fault(error_share=0.3)), "/predict", 1000)


def test_answers_late() -> None:
    """Each prediction waits as long as it was told to."""
    began = time.monotonic()
    assert statuses(Faulty(sound, Fault(delay_seconds=0.05)), "/predict", 4) == [200] * 4
    assert time.monotonic() - began >= 0.2


def test_health_knows_nothing() -> None:
    """Health checks are as good as ever: the fault is one that only live traffic shows."""
    began = time.monotonic()
    assert statuses(Faulty(sound, Fault(1.0, 5.0, silent=True)), "/readyz", 10) == [200] * 10
    assert time.monotonic() - began < 5


def test_no_fault_is_no_change() -> None:
    """Without a share and a delay it is the server that it wraps."""
    assert statuses(Faulty(sound, Fault()), "/predict", 100) == [200] * 100


def test_stalls_now_and_then() -> None:
    """One of so many predictions takes longer, and the others do not."""
    began = time.monotonic()
    statuses(Faulty(sound, Fault(stall_every=5, stall_seconds=0.2)), "/predict", 9)
    assert 0.2 <= time.monotonic() - began < 0.4


def test_silence_is_endless() -> None:
    """A silent server never answers."""

    async def ask() -> None:
        async with asyncio.timeout(0.2):
            await Faulty(sound, Fault(silent=True))({"type": "http", "path": "/predict"}, None, None)

    with pytest.raises(TimeoutError):
        asyncio.run(ask())


def test_crash_comes_after_its_count() -> None:
    """The process dies at the prediction after the last that it answers."""
    said = "from stages.test_faulty_server import *; statuses(Faulty(sound, Fault(crash_after=3)), '/predict', 9)"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    found = subprocess.run([sys.executable, "-c", said], env=env, check=False)
    assert found.returncode == 3
    assert statuses(Faulty(sound, Fault(crash_after=3)), "/predict", 3) == [200] * 3


def test_swaps_two_classes() -> None:
    """Each class is taken for the other, with the scores turned round, and all else is the model's own."""

    class Model:
        inline = True

        def predict(self, rows: object) -> Predictions:
            return Predictions(np.array(["no", "yes"]), np.array([[0.9, 0.1], [0.2, 0.8]]), ("no", "yes"))

    found = Swapped(Model()).predict([])
    assert (list(found.values), found.scores.tolist()) == (["yes", "no"], [[0.1, 0.9], [0.8, 0.2]])
    assert Swapped(Model()).inline
