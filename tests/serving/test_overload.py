import asyncio
from dataclasses import dataclass

from gatehouse.serving import overload
from gatehouse.serving.overload import Overload


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


def test_bursts_are_answered() -> None:
    """Long turns after which the server rests are bursts: nothing is refused."""
    server = Server()

    async def bursts() -> list[int]:
        refused = []
        for _ in range(5):
            refused.append(await server.turn(20, 5))
            server.now += overload.PATIENCE + 0.01
        return refused

    assert asyncio.run(bursts()) == [0] * 5


def test_long_turns_are_cut() -> None:
    """After long turns without a rest, each takes on what fits into a part of it, and refuses the others."""
    server = Server()

    async def siege() -> list[int]:
        return [await server.turn(20, 3) for _ in range(4)]

    assert asyncio.run(siege()) == [0, 0, 4, 4]


def test_few_slow_requests_are_answered() -> None:
    """Where few requests take long, none is refused: it is the machine that is slow."""
    server = Server()

    async def slow() -> list[int]:
        return [await server.turn(8, 20) for _ in range(5)]

    assert asyncio.run(slow()) == [0] * 5


def test_short_turn_ends_it() -> None:
    """When a turn had nothing to refuse, the next may be as long as ever."""
    server = Server()

    async def relief() -> list[int]:
        return [await server.turn(20, 3), await server.turn(20, 3), await server.turn(1, 3), await server.turn(20, 3)]

    assert asyncio.run(relief()) == [0] * 4
