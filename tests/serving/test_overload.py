import asyncio
from dataclasses import dataclass

import pytest

from gatehouse.serving.overload import PARTS, Overload


@dataclass
class Server:
    """A server whose clock goes on only while it works or rests."""

    now: float = 1000.0

    def __post_init__(self) -> None:
        """Allow turns of 50 ms."""
        self.watched = Overload(1000, 0.05, lambda: self.now)

    async def turn(self, requests: int, milliseconds: float) -> int:
        """Have requests arrive at once, of which each that is taken on takes so long; return how many are refused."""
        refused = 0
        for _ in range(requests):
            if self.watched.refuses():
                refused += 1
            else:
                self.now += milliseconds / 1000
        await asyncio.sleep(0)
        return refused


def test_cap_holds() -> None:
    """At the cap of requests under way, another one is refused; when one is answered, it is taken."""
    server = Server()
    server.watched.most = server.watched.under_way = 2
    assert asyncio.run(server.turn(1, 1)) == 1
    server.watched.under_way = 1
    assert asyncio.run(server.turn(1, 1)) == 0


def test_short_turns_are_answered() -> None:
    """What fits into a turn is answered, turn after turn."""
    server = Server()

    async def rush() -> list[int]:
        return [await server.turn(20, 2) for _ in range(5)]

    assert asyncio.run(rush()) == [0] * 5


def test_long_turns_are_cut() -> None:
    """A turn takes on what fits into it, and refuses the others; the next one begins anew."""
    server = Server()

    async def siege() -> list[int]:
        return [await server.turn(30, 2.6) for _ in range(3)]

    assert asyncio.run(siege()) == [10] * 3


def test_crowds_are_cut() -> None:
    """Of what is read at once, so many are let in as fit into a turn by what a request lately took."""
    server = Server()
    server.watched.took("row", 0.1, 100)

    async def crowd() -> list[int]:
        found = []
        for _ in range(2):
            found.append(sum(server.watched.crowded("row") for _ in range(60)))
            await asyncio.sleep(0)
        server.watched.took("row", 0.1, 1000)
        return [*found, sum(server.watched.crowded("row") for _ in range(60))]

    assert asyncio.run(crowd()) == [9, 9, 0]


def test_one_slow_request_counts_little() -> None:
    """A request that took long once, and what another kind takes, keeps nobody out."""
    server = Server()

    async def crowd() -> int:
        server.watched.took("row", 0.0001)
        server.watched.took("row", 10)
        for _ in range(100):
            server.watched.took("rows", 10)
        return sum(server.watched.crowded("row") for _ in range(60))

    assert asyncio.run(crowd()) == 0


def test_few_are_let_in_whatever_they_take() -> None:
    """Where a few are slow, the machine is: they are let in, up to the cap."""
    server = Server()
    for _ in range(100):
        server.watched.took("row", 10)

    async def slow() -> list[int]:
        first = sum(server.watched.crowded("row") for _ in range(20))
        await asyncio.sleep(0)
        server.watched.under_way = server.watched.most
        return [first, server.watched.crowded("row")]

    assert asyncio.run(slow()) == [4, True]


def test_few_slow_requests_are_answered() -> None:
    """Where few requests take long, none is refused: it is the machine that is slow."""
    server = Server()

    async def slow() -> list[int]:
        return [await server.turn(16, 20) for _ in range(5)]

    assert asyncio.run(slow()) == [0] * 5


def test_waiting_requests_count() -> None:
    """Whoever was let in and waits for a turn takes the place of others, until more than few wait for too long."""
    server = Server()

    async def seen(waiting: int) -> tuple[bool, bool]:
        server.watched.waiting, server.watched.owed = waiting, waiting * 0.004
        found = server.watched.crowded("row"), server.watched.refuses()
        await asyncio.sleep(0)
        return found

    async def rising() -> list[tuple[bool, bool]]:
        return [await seen(waiting) for waiting in (0, 12, 13, 40, 0)]

    assert asyncio.run(rising()) == [(False, False), (False, False), (False, False), (True, True), (False, False)]


def test_turn_ends_when_full() -> None:
    """A turn is full after a part of the lag, and the next one begins anew."""
    server = Server()

    async def turns() -> list[bool]:
        found = []
        for milliseconds in (0, 12, 1):
            found.append(server.watched.full())
            server.now += milliseconds / 1000
        found.append(server.watched.full())
        await asyncio.sleep(0)
        return [*found, server.watched.full()]

    assert asyncio.run(turns()) == [False, False, False, True, False]


def test_wait_has_an_end() -> None:
    """Who waits counts as waiting, and has a turn after some that were full of others."""
    server = Server()
    server.watched.took("rows", 0.001, 100)
    price = server.watched.prices["rows"]
    seen: list[tuple[int, float]] = []

    async def crowd() -> None:
        while True:
            server.watched.full()
            server.now += 1
            seen.append((server.watched.waiting, server.watched.owed))
            await asyncio.sleep(0)

    async def patient() -> None:
        others = asyncio.create_task(crowd())
        await asyncio.sleep(0)
        seen.clear()
        await server.watched.turn("rows")
        others.cancel()

    asyncio.run(patient())
    assert seen == [(1, price)] * PARTS
    assert (server.watched.waiting, server.watched.owed) == (0, 0.0)


def test_free_turn_is_taken_at_once() -> None:
    """Where nobody else is answered, nobody waits."""
    server = Server()

    async def alone() -> None:
        waiting = server.watched.turn("rows")
        with pytest.raises(StopIteration):
            waiting.send(None)

    asyncio.run(alone())
