import asyncio
import time

from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from gatehouse.stages.faulty_server import Faulty


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
    found = statuses(Faulty(sound, 0.3, 0), "/predict", 1000)
    assert 250 < found.count(500) < 350
    assert found == statuses(Faulty(sound, 0.3, 0), "/predict", 1000)


def test_answers_late() -> None:
    """Each prediction waits as long as it was told to."""
    began = time.monotonic()
    assert statuses(Faulty(sound, 0, 0.05), "/predict", 4) == [200] * 4
    assert time.monotonic() - began >= 0.2


def test_health_knows_nothing() -> None:
    """Health checks are as good as ever: the fault is one that only live traffic shows."""
    began = time.monotonic()
    assert statuses(Faulty(sound, 1, 5), "/readyz", 10) == [200] * 10
    assert time.monotonic() - began < 5


def test_no_fault_is_no_change() -> None:
    """Without a share and a delay it is the server that it wraps."""
    assert statuses(Faulty(sound, 0, 0), "/predict", 100) == [200] * 100
