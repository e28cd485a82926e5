"""Reads the body of a request, and no more of it, nor of all bodies together, than may be taken."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope

from gatehouse.errors import GatehouseError
from gatehouse.serving.requests import RequestError
from gatehouse.serving.values import Problem

LATE = "the body is late"


class FullError(GatehouseError):
    """There is no room for another body."""


class Room:
    """Bytes that the bodies of all requests under way may take together."""

    def __init__(self, size: int) -> None:
        self.left = size

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """Give a request's share of it, which grows with its body; it is given back in the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.left += share.size


class Share:
    """What one request has of a room."""

    def __init__(self, room: Room) -> None:
        self.room, self.size = room, 0

    def grow(self, size: int) -> None:
        """Take more of the room. Raises FullError when it has no more."""
        if size > self.room.left:
            raise FullError(f"the bodies of other requests leave {self.room.left} bytes")
        self.room.left -= size
        self.size += size


async def read(scope: Scope, receive: Receive, share: Share, limit: int, seconds: float) -> bytes:
    """Return the body, of at most `limit` bytes and within so many seconds.

    Raises RequestError: 415 for another content type or coding, 413 for too many bytes (by what is announced, before
    any is read), 408 for a client that is too slow or goes away. Raises FullError when its share cannot grow.
    """
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise RequestError(415, Problem("$", "the header Content-Type: application/json"))
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise RequestError(415, Problem("$", "a body that is not compressed, without the header Content-Encoding"))
    stated = headers.get(b"content-length", b"0")
    if stated.isdigit() and int(stated) > limit:
        raise _too_large(limit)
    task = asyncio.current_task()
    # As asyncio.timeout does it, in a third of the time.
    timer = asyncio.get_running_loop().call_later(seconds, task.cancel, LATE) if task else None
    try:
        return await _all(receive, share, limit)
    except asyncio.CancelledError as error:
        if task is None or error.args != (LATE,) or task.uncancel():
            raise
        raise RequestError(408, Problem("$", f"the whole body within {seconds:g} s")) from None
    finally:
        if timer:
            timer.cancel()


async def _all(receive: Receive, share: Share, limit: int) -> bytes:
    parts, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError(408, Problem("$", "a client that stays for the answer"))
        part = message.get("body", b"")
        if len(parts) + len(part) > limit:
            raise _too_large(limit)
        share.grow(len(part))
        parts += part
        more = message.get("more_body", False)
    return parts


def _too_large(limit: int) -> RequestError:
    return RequestError(413, Problem("$", f"a body of at most {limit} bytes"))
