"""New connections, many of them in one turn of the event loop.

libuv takes one a turn (its pull request 3696), so that behind a crowd of new clients a health check waits for as many
turns as they are. Here a turn takes all that are there, up to MOST.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from gatehouse.errors import TargetError

MOST = 64
# Where the system has no room for another connection, the next one is tried after so many seconds.
REST_SECONDS = 0.1
LOGGER = logging.getLogger(__name__)


def bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, so that a taken port is known before a model is loaded.

    Raises TargetError when it cannot be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if port:  # else two processes could be given the same free port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise TargetError(
            f"Cannot listen on {host} port {port}: {error.strerror}. Take another port, or 0 for any free one."
        ) from error
    return listener


class Acceptor:
    """Takes connections from a socket that listens, to protocols that `make` gives. uvicorn closes it as a server."""

    def __init__(self, listener: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._listener, self._make = listener, make
        self._loop = asyncio.get_running_loop()
        self._begun: set[asyncio.Future[object]] = set()
        self._rest: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        self._begin()

    def close(self) -> None:
        """Take no more."""
        if self._rest:
            self._rest.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    async def wait_closed(self) -> None:
        """Wait until those that were taken are with their protocols."""
        await asyncio.gather(*self._begun)

    def _begin(self) -> None:
        self._loop.add_reader(self._listener, self._take)

    def _take(self) -> None:
        for _ in range(MOST):
            try:
                client, _ = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:  # it is gone again
                continue
            except OSError as error:
                LOGGER.warning("No connection can be taken: %s. Is the limit of open files too low?", error.strerror)
                self._loop.remove_reader(self._listener)
                self._rest = self._loop.call_later(REST_SECONDS, self._begin)
                return
            client.setblocking(False)
            coroutine = self._loop.connect_accepted_socket(self._make, client)
            try:
                # In a crowd each turn of the loop is some milliseconds in which the client is not heard.
                made = coroutine.send(None)
            except OSError:  # it is gone again
                client.close()
                continue
            self._begun.add(made)
            made.add_done_callback(partial(self._end, coroutine))

    def _end(self, coroutine: Coroutine[Any, Any, object], made: "asyncio.Future[object]") -> None:
        self._begun.discard(made)
        with suppress(StopIteration, OSError):  # where it is gone again
            coroutine.send(None)
