"""POST /predict at the connection itself: what FastAPI's route answers, at a tenth of its time.

Only a plain request of one row is taken; whatever needs a closer look goes to FastAPI, and so does everything where the
server is started with --plain. A server with too much to do refuses here, before a request is parsed, or the refusals
would take the time that the answers need.
"""

from asyncio import TimerHandle

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatehouse.serving import head, identity, overload
from gatehouse.serving.service import LARGE, Service
from gatehouse.serving.turn import Turn
from gatehouse.serving.wire import Wire

# Seconds that a head waits here for its body, which many clients send after it.
PATIENCE = 0.02


class HotPath(HttpToolsProtocol):
    """One connection to a server; uvicorn makes them, of the class that `of` returns."""

    service: Service
    turn: Turn
    wire: Wire
    inside = waiting = False
    held = b""
    patience: TimerHandle | None = None
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
        found = None if self._engaged() else head.plain(data)
        if found is not None and found.body > self.service.settings.maximum_bytes:
            found = None
        missing = 0 if found is None else found.size + found.body - len(data)
        if missing > 0 and not late:
            self.held, self.patience = data, self.loop.call_later(PATIENCE, self._leave)
            return
        if found is None or missing:
            super().data_received(data)
            return
        # Of several rows, or of names in disguise, or so large that others would wait for a closer look at it.
        several = data.find(b'"rows"', found.size) >= 0 or data.find(b"\\", found.size) >= 0
        unusual = several or found.body > LARGE
        name = found.name or identity.new()
        if self.service.overload.crowded(overload.ROWS if unusual else overload.ROW):
            self.service.metrics.refused += 1
            self._write(self.wire.busy(self.server_state.default_headers, name))
            if self.service.overload.besieged():
                self.flow.pause_reading()
                self.loop.call_soon(self._listen)
        elif unusual:
            super().data_received(data)
        else:
            self.waiting = True
            self.turn.take(self, data[found.size :], name, self.tasks)

    def send(self, status: int, body: bytes, name: str) -> None:
        """Send an answer, unless the client is gone."""
        if self.transport.is_closing():
            return
        # When it stops: a client then comes back on a new connection, which the router gives to another server.
        closing = self.service.draining
        self._write(self.wire.answer(self.server_state.default_headers, status, body, name, closing=closing))
        if closing:
            self.transport.close()

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
        if self.waiting or self.patience or left > 0:
            self._rest(max(left, PATIENCE))
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection; one that waits for its answer is closed after that."""
        self._leave()
        if not self.waiting:
            super().shutdown()

    def _engaged(self) -> bool:
        busy = self.cycle is not None and not self.cycle.response_complete
        return busy or self.inside or self.flow.write_paused or self.service.draining

    def _listen(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _write(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.last = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

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
    if service.settings.plain:
        return HttpToolsProtocol
    return type("Connection", (HotPath,), {"service": service, "turn": Turn(service), "wire": Wire()})
