"""Bodies are read as far as they may be, one by one and all together."""

import asyncio
import json
import select
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from typing import Any

import pytest
from serving.test_hot_path import answer
from serving.test_limited import POST, connected

from gatehouse.serving import body
from gatehouse.serving.body import FullError, Room
from gatehouse.serving.requests import RequestError

SCOPE = {"headers": [(b"content-type", b"application/json")]}


async def parts(*sent: bytes) -> AsyncIterator[dict[str, Any]]:
    """Give a body in parts."""
    for part in sent:
        yield {"type": "http.request", "body": part, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}


async def read(room: Room, *sent: bytes) -> bytes:
    """Read a body of at most ten bytes that comes in parts."""
    async with aclosing(parts(*sent)) as source:
        with room.share() as share:
            found = await body.read(SCOPE, source.__anext__, share, 10, 5.0)
            assert room.left == 8 - len(found), "it is held as long as it is needed"
            return found


def test_bodies_share_a_room() -> None:
    """A body that fits is read; one that does not is refused; and in the end all of the room is there again."""
    room = Room(8)
    assert asyncio.run(read(room, b"1234", b"5678")) == b"12345678"
    with pytest.raises(FullError, match="leave 0 bytes"):
        asyncio.run(read(room, b"1234", b"5678", b"9"))
    with pytest.raises(RequestError, match="at most 10 bytes"):
        asyncio.run(read(room, b"1234", b"5678901"))
    assert room.left == 8


def test_half_bodies_do_not_fill_the_memory(server: Any) -> None:
    """Many large bodies that do not end are refused, to come back later; when they are gone there is room again."""
    most, shed = 4 * 2**20, server.counter("gatehouse_http_requests_shed_total")
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(18)]
        for client in clients:
            client.sendall(POST + b"content-length: %d\r\n\r\n" % most + b" " * (most - 1))
        while (refused := server.counter("gatehouse_http_requests_shed_total") - shed) < 1:
            pass
        status, headers, text = answer(select.select(clients, [], [], 20)[0][0])
        assert (status, headers["retry-after"]) == (503, "1")
        assert "busy" in json.loads(text)["error"]
    assert refused <= 3, "sixteen fit"
    while server.counter("gatehouse_http_requests_in_flight") > 1:
        pass
    assert server.ask("/predict", b" " * most)[0] == 400
