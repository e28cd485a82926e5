import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import tumours

from gatehouse.serving import service as services
from gatehouse.serving.service import Service, Settings
from gatehouse.serving.turn import Turn

BODY = json.dumps(tumours.ROW).encode()
SIZE = 5


class Client:
    """Where requests come from: it keeps the ids of what was answered, and when; `again` is called after each."""

    def __init__(self) -> None:
        self.passes = 0
        self.again: Callable[[], None] = lambda: None
        self.seen: list[tuple[str, int, int]] = []

    def send(self, status: int, body: bytes, name: str) -> None:
        """Take an answer in."""
        self.seen.append((name, status, self.passes))

    def answered(self) -> None:
        """Go on with what came meanwhile."""
        self.again()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return a service that predicts some rows at once, at a clock of which each look is a long time."""
    bundle = tumours.write(tmp_path / "bundle", features=tumours.rows())
    with closing(services.start(Settings(bundle.path, inline_rows=SIZE))) as started:
        started.overload.clock = count(1).__next__
        yield started


def answered(service: Service, sizes: list[int], more: int = 0) -> Client:
    """Have some requests come in each turn of the event loop, and `more` after answers, until all are answered."""
    client, turn, tasks = Client(), Turn(service), set[asyncio.Task[None]]()
    names, others = map(str, count()), iter(range(more))

    def ask() -> None:
        turn.take(client, BODY, next(names), tasks)

    def again() -> None:
        if next(others, None) is not None:
            ask()

    async def played() -> None:
        client.again = again
        for size in sizes:
            for _ in range(size):
                ask()
            await asyncio.sleep(0)
            client.passes += 1
        while tasks:
            await asyncio.sleep(0)
            client.passes += 1

    asyncio.run(played())
    return client


def test_crowd_is_answered_in_parts(service: Service) -> None:
    """Of many that come at once some are answered in each turn of the event loop, in their order, all once."""
    client = answered(service, [3 * SIZE + 1])
    assert [(name, status) for name, status, _ in client.seen] == [(str(n), 200) for n in range(3 * SIZE + 1)]
    sizes = [sum(at == now for *_, at in client.seen) for now in range(client.passes + 1)]
    assert [size for size in sizes if size] == [SIZE, SIZE, SIZE, 1]
    assert (service.overload.under_way, service.metrics.in_flight) == (0, 0)
    assert service.overload.waiting == 0


def test_newcomers_wait_for_the_first(service: Service) -> None:
    """Who comes while a crowd is being answered is answered after it, and by one task alone."""
    client = answered(service, [3 * SIZE, 2, 2, SIZE])
    assert [int(name) for name, *_ in client.seen] == list(range(3 * SIZE + 4 + SIZE))
    assert max(sum(at == now for *_, at in client.seen) for now in range(client.passes + 1)) == SIZE


def test_held_requests_wait_their_turn(service: Service) -> None:
    """What a client sent without waiting for its answer comes after the others, and no sooner than they do."""
    client = answered(service, [SIZE], more=10 * SIZE)
    assert len(client.seen) == 11 * SIZE
    assert max(sum(at == now for *_, at in client.seen) for now in range(client.passes + 1)) == SIZE


def test_few_are_answered_at_once(service: Service) -> None:
    """What fits into one turn is answered in it."""
    service.overload.clock = lambda: 1.0
    assert len({at for *_, at in answered(service, [3 * SIZE]).seen}) == 1


def test_prices_are_of_many(service: Service) -> None:
    """One request alone takes longer than each of many: what those take is learned from them only."""
    answered(service, [1, 1, SIZE - 1])
    assert service.overload.prices == {}
    answered(service, [SIZE])
    assert service.overload.prices["row"] > 0


def test_broken_connection_stops_nobody(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Where one connection fails in an unforeseen way all others are answered, those that wait and those that come."""
    broken, client, turn, tasks = Client(), Client(), Turn(service), set[asyncio.Task[None]]()

    def fail() -> None:
        raise RuntimeError("the connection fails")

    broken.again = fail

    async def played() -> None:
        for crowd in range(2):
            turn.take(broken, BODY, f"{crowd} broken", tasks)
            for number in range(2 * SIZE):
                turn.take(client, BODY, f"{crowd} {number}", tasks)
            while tasks:
                await asyncio.sleep(0)

    asyncio.run(played())
    assert [name for name, *_ in client.seen] == [f"{crowd} {n}" for crowd in range(2) for n in range(2 * SIZE)]
    assert (service.overload.under_way, service.metrics.in_flight) == (0, 0)
    assert [record.message.splitlines()[0] for record in caplog.records] == [
        "Request 0 broken: RuntimeError",
        "Request 1 broken: RuntimeError",
    ]


def test_error_stops_nobody(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error outside the model, whoever waits is answered with the next one."""
    client, turn, tasks = Client(), Turn(service), set[asyncio.Task[None]]()

    async def fail(*_: object) -> None:
        raise RuntimeError("an error outside the model")

    async def played() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(service.overload, "turn", fail)
            turn.take(client, BODY, "first", tasks)
            with pytest.raises(RuntimeError, match="outside the model"):
                await next(iter(tasks))
        turn.take(client, BODY, "second", tasks)
        await next(iter(tasks))

    asyncio.run(played())
    assert [(name, status) for name, status, _ in client.seen] == [("first", 200), ("second", 200)]
