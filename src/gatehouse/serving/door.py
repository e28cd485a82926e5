"""Where requests come in: a busy server refuses them here, before they are parsed, at a tenth of what it would cost.

Else the refusals would take the time that the answers need. Only a whole and plain request to /predict is refused so;
whatever needs a closer look goes on, and is refused at the edge of the app.
"""

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatehouse.serving import answers, identity
from gatehouse.serving.service import Service

PREDICT = b"POST /predict HTTP/1.1\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
# Of a client that names its request, or wants the connection closed, or encodes the body.
SPECIAL = re.compile(rb"\r\n(?:x-request-id|connection|transfer-encoding|expect|upgrade):", re.IGNORECASE)


class Door(HttpToolsProtocol):
    """One connection to a server; uvicorn makes them, of the class that `of` returns."""

    service: Service
    inside = False

    def on_message_begin(self) -> None:
        """Note that a request has begun, of which the rest may come later."""
        self.inside = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        self.inside = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Take bytes in, or refuse the request that they are."""
        # uvicorn makes a task of each request that came in, before any of them is answered.
        if len(self.tasks) >= self.service.overload.most and self.plain(data):
            self.refuse()
        else:
            super().data_received(data)

    def plain(self, data: bytes) -> bool:
        """Tell whether the bytes are one whole request to /predict that asks for nothing special."""
        if self.inside or self.service.draining or not data.startswith(PREDICT):
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        head = data.find(b"\r\n\r\n") + 4
        stated = LENGTH.search(data, 0, head)
        return stated is not None and len(data) == head + int(stated[1]) and not SPECIAL.search(data, 0, head)

    def refuse(self) -> None:
        """Answer that the server is busy."""
        self.transport.write(REFUSALS.next())
        self.service.metrics.shed.inc()
        self.service.metrics.answered("/predict", 503, 0.0)
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)


def of(service: Service) -> type[Door]:
    """Return the class of the connections to the server of a service."""
    return type("Door", (Door,), {"service": service})


class Refusals:
    """The bytes of refusals, each with an id of its own."""

    def __init__(self) -> None:
        placeholder = identity.new()
        answer = answers.busy(placeholder)
        headers = {**{name.decode(): value.decode() for name, value in answer.raw_headers}, "x-request-id": "%(id)s"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body = bytes(answer.body).decode().replace(placeholder, "%(id)s")
        self._text = f"HTTP/1.1 503 Service Unavailable\r\n{lines}\r\n{body}"

    def next(self) -> bytes:
        """Return the next one."""
        return (self._text % {"id": identity.new()}).encode()


REFUSALS = Refusals()
