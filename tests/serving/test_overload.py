import asyncio
import itertools
import socket
from dataclasses import dataclass

import pytest

from gatehouse.serving.overload import MOST_REFUSED, TURN_SECONDS, Overload

# An answer's price in the tests, in whose fourth a turn ends; the lag has room for 70 of them.
PRICE = TURN_SECONDS / 3.5
LAG = 70.1 * PRICE


@dataclass
class Server:
    """A server whose clock goes on only while it works or rests, and whose requests may wait for LAG."""

    now: float = 1000.0
    queued: tuple[int, float] = (0, 0.0)

    def __post_init__(self) -> None:
        """Begin with prices that are known."""
        self.watched = Overload(1000, LAG, lambda: self.queued, lambda: self.now)
        self.watched.prices = {"row": PRICE, "rows": PRICE}

    def read(self, requests: int, kind: str = "row", seconds: float = 0.0) -> int:
        """Read requests, each of which takes so long to read; return how many are refused."""
        refused = 0
        for _ in range(requests):
            refused += self.watched.crowded(kind)
            self.now += seconds
        return refused

    async def answer(self, kind: str, seen: list[tuple[str, int]], number: int) -> None:
        """Answer a request when it has its turn."""
        await self.watched.turn(kind)
        self.now += PRICE
        seen.append((kind, number))


async def turns(server: Server, *crowds: tuple[str, int]) -> list[list[tuple[str, int]]]:
    """Have crowds of requests arrive at once, and return who is answered in each turn of the event loop."""
    found: list[list[tuple[str, int]]] = []
    seen: list[tuple[str, int]] = []
    begun = [asyncio.create_task(server.answer(kind, seen, n)) for kind, size in crowds for n in range(size)]
    while not all(task.done() for task in begun):
        await asyncio.sleep(0)
        found.append(seen.copy())
        seen.clear()
    return [each for each in found if each]


def test_cap_holds() -> None:
    """At the cap of requests under way, another one is refused; when one is answered, it is taken."""
    server = Server()
    server.watched.most = server.watched.under_way = 2

    async def full() -> tuple[bool, int]:
        return server.watched.refuses(), server.read(1)

    assert asyncio.run(full()) == (True, 1)
    server.watched.under_way = 1
    assert asyncio.run(full()) == (False, 0)


def test_refusals_are_cheap() -> None:
    """Who refuses thousands a second looks at the clock once for each."""
    looks = itertools.count()
    watched = Overload(1, LAG, clock=lambda: float(next(looks)))
    watched.under_way = 1

    async def refused() -> int:
        return sum(watched.crowded("row") for _ in range(10))

    assert asyncio.run(refused()) == next(looks) == 10


def test_crowds_are_cut() -> None:
    """Of what is read at once, so many are let in as are answered within the lag, and again at the next turn."""
    server = Server()

    async def crowd() -> list[int]:
        found = []
        for _ in range(2):
            found.append(server.read(91))
            await asyncio.sleep(0)
        return found

    assert asyncio.run(crowd()) == [20, 20]


def test_one_slow_answer_counts_little() -> None:
    """What took long once, or is of another kind, keeps nobody out who is usually answered within the lag."""
    server = Server()

    async def crowd() -> int:
        server.watched.took("row", 10)
        for _ in range(100):
            server.watched.took("rows", 10)
        return server.read(50)

    assert asyncio.run(crowd()) == 0


def test_prices_are_learned() -> None:
    """What each of many answers takes is known after some of them, whether they become slower or faster."""
    server = Server()
    for seconds in (0.1, 0.0001):
        for _ in range(100):
            server.watched.took("row", 20 * seconds, 20)
        assert server.watched.prices["row"] == pytest.approx(seconds, rel=0.5)


def test_few_are_let_in_whatever_they_take() -> None:
    """Where a few are slow, the machine is: they are let in, up to the cap."""
    server = Server()
    server.watched.prices["row"] = 1.0

    async def slow() -> list[int]:
        first = server.read(20)
        await asyncio.sleep(0)
        server.watched.under_way = server.watched.most
        return [first, server.read(1)]

    assert asyncio.run(slow()) == [4, 1]


@pytest.mark.parametrize("where", ["waiting", "queued"])
def test_waiting_requests_count(where: str) -> None:
    """Who waits for a turn, or for the model's thread, takes the place of others, if more than few do so for long."""
    server = Server()

    async def seen(requests: int) -> tuple[int, bool]:
        if where == "waiting":
            server.watched.waiting, server.watched.owed = requests, requests * LAG / 12.5
        else:
            server.queued = requests, requests * LAG / 12.5
        found = server.read(1), server.watched.refuses()
        await asyncio.sleep(0)
        return found

    async def rising() -> list[tuple[int, bool]]:
        return [await seen(requests) for requests in (0, 12, 14, 40, 0)]

    assert asyncio.run(rising()) == [(0, False), (0, False), (0, False), (1, True), (0, False)]


def test_turns_end() -> None:
    """A turn answers a kind for some milliseconds; who is left has the next ones, and who came first is first."""
    server = Server()
    found = asyncio.run(turns(server, ("rows", 30)))
    assert [number for each in found for _, number in each] == list(range(30))
    assert max(len(each) for each in found) <= 5
    assert (server.watched.waiting, server.watched.owed) == (0, pytest.approx(0))


def test_kinds_share_turns() -> None:
    """Of two kinds neither waits until the other one has ended."""
    server = Server()
    found = asyncio.run(turns(server, ("rows", 40), ("row", 40)))
    half = found[: len(found) // 2]
    answered = [kind for each in half for kind, _ in each]
    assert min(answered.count("row"), answered.count("rows")) >= 10


def test_who_waits_is_counted() -> None:
    """Who was let in and waits for a turn counts, with what it will take, until it has it."""
    server = Server()
    seen: list[tuple[int, float]] = []

    async def watch() -> None:
        while True:
            seen.append((server.watched.waiting, server.watched.owed))
            await asyncio.sleep(0)

    async def crowd() -> None:
        watcher = asyncio.create_task(watch())
        await turns(server, ("rows", 20))
        watcher.cancel()

    asyncio.run(crowd())
    waiting = [requests for requests, _ in seen]
    assert max(waiting) == 16
    assert server.watched.waiting == 0
    assert [seconds for _, seconds in seen] == pytest.approx([requests * PRICE for requests in waiting])


def test_gone_clients_keep_nobody_waiting() -> None:
    """Who gives up while it waits takes no turn, and those behind it have theirs."""
    server = Server()
    seen: list[tuple[str, int]] = []

    async def crowd() -> None:
        begun = [asyncio.create_task(server.answer("rows", seen, number)) for number in range(40)]
        await asyncio.sleep(0)
        for task in begun[10:30]:
            task.cancel()
        await asyncio.wait(begun, timeout=5)

    asyncio.run(crowd())
    assert [number for _, number in seen] == [*range(10), *range(30, 40)]
    assert (server.watched.waiting, server.watched.owed) == (0, pytest.approx(0))


def test_free_turn_is_taken_at_once() -> None:
    """Where nobody else is answered, nobody waits."""
    server = Server()

    async def alone() -> None:
        waiting = server.watched.turn("rows")
        with pytest.raises(StopIteration):
            waiting.send(None)

    asyncio.run(alone())


@pytest.mark.parametrize("kind", ["row", "rows"])
@pytest.mark.parametrize(("refused", "answered"), [(1, 3.5), (12, 11), (100, 17.5)])
def test_refusals_leave_time_for_answers(kind: str, refused: int, answered: float) -> None:
    """A turn that refused for long answers for as long, up to a quarter of the lag: who comes back cannot stop it."""
    server = Server()
    answers: list[tuple[str, int]] = []
    turns_read = 0

    def read() -> None:
        nonlocal turns_read
        turns_read += 1
        server.read(refused, kind, PRICE)

    async def siege() -> None:
        server.watched.under_way = server.watched.most
        begun = [asyncio.create_task(server.answer(kind, answers, number)) for number in range(1500)]
        end, other = socket.socketpair()
        with end, other:
            other.send(b"always something to read")
            asyncio.get_running_loop().add_reader(end, read)
            while turns_read < 40:
                await asyncio.sleep(0)
            asyncio.get_running_loop().remove_reader(end)
        for task in begun:
            task.cancel()

    asyncio.run(siege())
    assert len(answers) / turns_read == pytest.approx(answered, rel=0.2)


def test_each_turn_has_its_own_length() -> None:
    """A turn after one with many refusals is as short as any."""
    server = Server()

    async def later() -> int:
        server.read(40, seconds=PRICE)
        await turns(server, ("row", 2))
        server.read(1)
        return max(len(each) for each in await turns(server, ("row", 30)))

    assert asyncio.run(later()) <= 5


def test_wrong_prices_make_no_long_turns() -> None:
    """Where answers take more than lately, or nobody knows yet what they take, a turn ends as soon as ever."""
    for price in (0.0, PRICE / 10):
        server = Server()
        server.watched.prices["rows"] = price
        found = asyncio.run(turns(server, ("rows", 60)))
        assert max(len(each) for each in found) <= 5


def test_siege_is_told() -> None:
    """It is told when one turn has refused so many that the next ones are better read in another."""
    server = Server()
    server.watched.under_way = server.watched.most

    async def siege() -> list[bool]:
        found = []
        for _ in range(2):
            server.read(MOST_REFUSED)
            found.append(server.watched.besieged())
            server.read(1)
            found.append(server.watched.besieged())
            await asyncio.sleep(0)
        return found

    assert asyncio.run(siege()) == [False, True, False, True]


def test_turns_have_no_end() -> None:
    """Crowd after crowd is answered, and the server rests in between."""
    server = Server()

    async def crowds() -> list[int]:
        found = []
        for _ in range(5):
            found.append(sum(len(each) for each in await turns(server, ("rows", 30), ("row", 30))))
            server.now += 1
        return found

    assert asyncio.run(crowds()) == [60] * 5
