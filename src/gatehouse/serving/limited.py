"""Connections held to limits that uvicorn's do not have, or one client could keep the server from all others.

A head that does not end is copied again with each part that comes, a client that says nothing keeps its connection, and
so does one that does not take its answer. Other protocols than HTTP/1.1 are not spoken here, whatever a client offers.
"""

import fcntl
import os
import re
import resource
from contextlib import suppress
from pathlib import Path

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatehouse.serving import answers, hot_path, identity
from gatehouse.serving.service import Service
from gatehouse.serving.wire import Wire

# Of a head that comes in parts, or of lines after a body: eight times what most clients and proxies ever send.
MOST_BYTES = 2**16
# Connections and files that may be open at once, where the machine allows it: shells and engines begin with 1,024, and
# health could not be asked for where clients hold them all.
OPEN = 65_536
# Those for which there is room from the beginning; each takes 8 bytes.
TABLE = 8_192
# A server may pass over the offer and answer by HTTP/1.1, as most do; the parser would pass over the body. Java's own
# client offers HTTP/2 so with each first request.
OFFER = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.I)
PASSED_OVER = b"\r\nignored"


class Parser(httptools.HttpRequestParser):
    """The parser of one connection, which is given only what the connection lets through."""

    def __init__(self, connection: "Limited") -> None:
        super().__init__(connection)
        # As uvicorn's: what comes after a request that asks to close is no reason to leave that one unanswered.
        self.set_dangerous_leniencies(lenient_data_after_close=True)
        self._connection = connection

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        """Read on. Raises HttpParserError for what is no request."""
        super().feed_data(self._connection.let_through(data))


class Limited(HttpToolsProtocol):
    """A connection with limits to the size of a head, and to the seconds that it may wait for its client."""

    service: Service
    # Whether a request is being answered that uvicorn does not know of.
    waiting = False
    # Whether a head, or a body, has begun and not ended; the bytes that came since without anything of a body, and how
    # many heads have begun.
    in_head = in_body = False
    size = heads = 0
    # What it waits for, and since when, as far as anybody looked.
    awaited: tuple[str, int] | None = None
    since = 0.0

    def connection_made(self, transport: object) -> None:
        """Take up a connection.

        As uvicorn does, but for the two addresses, which nobody here asks for: to have them is a fifth of its price.
        """
        self.connections.add(self)
        self.transport, self.scheme = transport, "http"  # type: ignore[assignment]
        self.flow = FlowControl(self.transport)
        self.parser = Parser(self)

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        self.in_head, self.size = True, 0
        self.heads += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that it has ended."""
        self.in_head, self.in_body, self.size = False, True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that the body goes on; what may come for long without it are lines of a head, or of a trailer."""
        self.size = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the body has ended, too."""
        self.in_body = False
        super().on_message_complete()

    def let_through(self, data: bytes) -> bytes:
        """Return what the parser may have of the bytes that came. Raises HttpParserError for too long a head."""
        if self.in_head or self.in_body:
            if self.size > MOST_BYTES:
                raise httptools.HttpParserError
            self.size += len(data)
        if self.in_body:
            return data
        end = data.find(b"\r\n\r\n")
        if not OFFER.search(data, 0, end if end >= 0 else len(data)):
            return data
        head, mark, rest = data.partition(b"\r\n\r\n")
        return OFFER.sub(PASSED_OVER, head) + mark + rest

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn says the same of whatever it refuses
        """Refuse what the parser could not read."""
        if self.size > MOST_BYTES:
            self.refuse(431, f"The request's head is too large. Send headers of less than {MOST_BYTES} bytes.")
        else:
            self.refuse(400, "This is no request by HTTP/1.1. See /docs.")

    def refuse(self, status: int, message: str) -> None:
        """Answer what never became a request, and close the connection."""
        name = identity.new()
        body = bytes(answers.failure(status, message, name).body)
        self.transport.write(Wire().answer(self.server_state.default_headers, status, body, name, closing=True))
        self.transport.close()
        self.service.metrics.answered("other", status, 0.0)

    def look(self, now: float) -> None:
        """Let go of a client that was too slow; to be called every second or so, at a time of the event loop."""
        found = self._awaits()
        seconds = self.service.settings.time_limit_seconds
        if found is None or found != self.awaited:
            self.awaited, self.since = found, now
        elif now - self.since > seconds and not self.transport.is_closing():
            if found[0] == "reader":
                self.transport.abort()
            elif self.in_head:
                self.refuse(408, f"The request's head did not come within {seconds:g} s.")
            else:
                self.transport.close()

    def _awaits(self) -> tuple[str, int] | None:
        """Return what the client has to do for this to go on; None when it has nothing to do, or uvicorn watches it."""
        if self.flow.write_paused:
            return "reader", self.transport.get_write_buffer_size()
        answering = self.waiting or (self.cycle is not None and not self.cycle.response_complete)
        return None if answering or self.timeout_keep_alive_task is not None else ("request", self.heads)


def of(service: Service) -> type[Limited]:
    """Return the class of the connections to the server of a service."""
    return type("Client", (Limited, hot_path.of(service)), {"service": service})


def open_many() -> None:
    """Let the process have OPEN connections, or as many as it may allow itself. To be called before it has threads."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN if hard == resource.RLIM_INFINITY else min(OPEN, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # a system with less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    # Where threads share a table of open files, Linux makes it larger only when no processor reads the old one any more
    # (expand_fdtable), for which the next connection waits 10 ms and longer. So it is made large while there are none.
    with suppress(OSError), Path(os.devnull).open() as file:
        os.close(fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, min(TABLE, most - 1)))
