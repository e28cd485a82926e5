"""POST /predict at the connection itself: what FastAPI's route answers, at a tenth of its time.

Only a plain request of one row is taken; whatever needs a closer look goes to FastAPI, and so does everything where the
server is started with --plain. A server with too much to do refuses here, before a request is parsed, or the refusals
would take the time that the answers need.
"""

import re
from asyncio import TimerHandle

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gatehouse.serving import answers, head, identity, overload
from gatehouse.serving.head import Head
from gatehouse.serving.service import Service
from gatehouse.serving.turn import Turn

# Of several rows, or of names in disguise.
UNUSUAL = re.compile(rb'"rows"|\\')
# Seconds that a head waits here for its body, which many clients send after it.
PATIENCE = 0.02


class HotPath(HttpToolsProtocol):
    """One connection to a server; uvicorn makes them, of the class that `of` returns."""

    turn: Turn
    inside = waiting = False
    held = b""
    patience: TimerHandle | None = None
    known: tuple[bytes, Head] | None = None
    last = 0.0

    def on_message_begin(self) -> None:
        """Note that a request has begun, of which the rest may come later."""
        self.inside = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        self.inside = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Take bytes in: have the request that they are answered, refuse it, or leave them to FastAPI."""
        if self.waiting:  # a client that does not wait for its answer
            self.held += data
            self.flow.pause_reading()
            return
        late = self.patience is not None
        if late:
            data = self._released() + data
        found = None if self._engaged() else self._head(data)
        missing = 0 if found is None else found.size + found.body - len(data)
        if missing > 0 and not late:
            self.held, self.patience = data, self.loop.call_later(PATIENCE, self._leave)
            return
        if found is None or missing:
            super().data_received(data)
            return
        kind = overload.ROWS if UNUSUAL.search(data, found.size) else overload.ROW
        if self.turn.service.overload.crowded(kind):
            self.turn.service.metrics.refused(answers.PREDICT)
            self.send(503, answers.BUSY % found.name.encode(), found.name, answers.RETRY)
        elif kind == overload.ROWS:
            super().data_received(data)
        else:
            self.waiting = True
            self.turn.take(self, data[found.size :], found.name, self.tasks)

    def send(self, status: int, body: bytes, name: str, more: bytes = b"") -> None:
        """Send an answer, with `more` lines in its head, unless the client is gone."""
        if self.transport.is_closing():
            return
        lines = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        closing = self.turn.service.draining
        if closing:
            # Ask the client to come back on a new connection, which the router gives to another server.
            lines.append(b"connection: close\r\n")
        ours = b"content-length: %d\r\ncontent-type: application/json\r\nx-request-id: %b\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], *lines, more, ours % (len(body), name.encode()), body)))
        self.last = self.loop.time()
        if closing:
            self.transport.close()
        elif self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

    def answered(self) -> None:
        """Go on with what came in while a request was being answered."""
        self.waiting = False
        if self.held and not self.transport.is_closing():
            held, self.held = self.held, b""
            self.flow.resume_reading()
            self.data_received(held)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that rests for too long. A timer for each answer would be a tenth of its price."""
        left = self.last + self.timeout_keep_alive - self.loop.time()
        if self.waiting or left > 0:
            self._rest(max(left, PATIENCE))
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection; one that waits for its answer is closed after that."""
        self._leave()
        if not self.waiting:
            super().shutdown()

    def _head(self, data: bytes) -> Head | None:
        """Return what `head.plain` does; a client's next request mostly begins as its last did."""
        if self.known is not None and data.startswith(self.known[0]):
            return self.known[1]._replace(name=identity.new())
        found = head.plain(data)
        if found is not None and found.body > self.turn.service.settings.maximum_bytes:
            found = None
        self.known = None if found is None or found.named else (data[: found.size], found)
        return found

    def _engaged(self) -> bool:
        busy = self.cycle is not None and not self.cycle.response_complete
        return busy or self.inside or self.flow.write_paused or self.turn.service.draining

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _released(self) -> bytes:
        """Return the head that waited for its body."""
        if self.patience is None:
            return b""
        self.patience.cancel()
        self.patience = None
        held, self.held = self.held, b""
        return held

    def _leave(self) -> None:
        """Leave a head whose body does not come to FastAPI, which has a time limit for it."""
        held = self._released()
        if held and not self.transport.is_closing():
            super().data_received(held)


def of(service: Service) -> type[HttpToolsProtocol]:
    """Return the class of the connections to the server of a service."""
    return HttpToolsProtocol if service.settings.plain else type("Connection", (HotPath,), {"turn": Turn(service)})
