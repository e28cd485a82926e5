"""Reads the body of a request, and no more of it than may be taken."""

import asyncio

from starlette.types import Receive, Scope

from gatehouse.serving.requests import RequestError
from gatehouse.serving.values import Problem

LATE = "the body is late"


async def read(scope: Scope, receive: Receive, limit: int, seconds: float) -> bytes:
    """Return the body, of at most `limit` bytes and within so many seconds.

    Raises RequestError: 415 for another content type or coding, 413 for too many bytes (by what is announced, before
    any is read), 408 for a client that is too slow or goes away.
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
        return await _all(receive, limit)
    except asyncio.CancelledError as error:
        if task is None or error.args != (LATE,) or task.uncancel():
            raise
        raise RequestError(408, Problem("$", f"the whole body within {seconds:g} s")) from None
    finally:
        if timer:
            timer.cancel()


async def _all(receive: Receive, limit: int) -> bytes:
    parts, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError(408, Problem("$", "a client that stays for the answer"))
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    return parts


def _too_large(limit: int) -> RequestError:
    return RequestError(413, Problem("$", f"a body of at most {limit} bytes"))
