"""What every request passes on its way in and out: its id, its time, and a clean end whatever happens."""

import time
from collections.abc import Awaitable, Generator
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatehouse.serving import answers, identity
from gatehouse.serving.answers import PREDICT, PROBES
from gatehouse.serving.overload import ROWS, TURN_SECONDS
from gatehouse.serving.service import Service, report

ROUTES = ("/", PREDICT, *PROBES, "/version", "/metrics", "/answers", "/openapi.json", "/docs")


class Edge:
    """Gives each request an id, counts it, refuses what is too much, and turns what nobody caught into a clean 500."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self.app, self.service, scope, send).run(receive)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, service: Service, scope: Scope, send: Send) -> None:
        # Many probes ask by HEAD, which is answered as GET is: uvicorn, which has the client's word, sends no body.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        self.app, self.service, self.scope, self._send = app, service, asked, send
        self.id = asked.setdefault("state", {})["request_id"] = identity.of(scope["headers"])
        self.status = 0

    async def run(self, receive: Receive) -> None:
        metrics, began = self.service.metrics, time.perf_counter()
        # A path that is not served would make a new time series for every guess of a scanner.
        route = self.scope["path"] if self.scope["path"] in ROUTES else "other"
        metrics.in_flight += 1
        try:
            # Health and counters are answered whatever happens.
            await (self._limited(receive) if route == PREDICT else self.app(self.scope, receive, self.send))
        except Exception as error:  # nothing may reach the client but a clean answer
            report(error, self.id)
            if self.status == 0:
                await answers.failure(500, "The server failed.", self.id)(self.scope, receive, self.send)
        finally:
            metrics.in_flight -= 1
        metrics.answered(route, self.status, time.perf_counter() - began)

    async def _limited(self, receive: Receive) -> None:
        """Answer a request unless the server has taken on too much; then it is refused before it is read."""
        overload = self.service.overload
        if overload.refuses():
            self.service.metrics.shed += 1
            await answers.busy(self.id)(self.scope, receive, self.send)
            return

        async def patient() -> Message:
            # Whoever is slow to send takes no place meanwhile: a few such clients would keep everybody else out.
            overload.under_way -= 1
            began = time.monotonic()
            try:
                message = await receive()
            finally:
                overload.under_way += 1
            if time.monotonic() - began > TURN_SECONDS:  # others have had its turn
                await overload.turn(ROWS)
            return message

        overload.under_way += 1
        try:
            await overload.turn(ROWS)
            work = Steps(self.app(self.scope, patient, self.send))
            await work
        finally:
            overload.under_way -= 1
        overload.took(ROWS, work.seconds)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
            if self.service.draining:
                # Ask the client to come back on a new connection, which the router gives to another server.
                message["headers"].append((b"connection", b"close"))
        await self._send(message)


class Steps:
    """Something to be awaited, with the `seconds` that its own steps took of this thread: not what it waited for."""

    def __init__(self, work: Awaitable[None]) -> None:
        self.seconds = 0.0
        self._work = work.__await__()

    def __await__(self) -> Generator[Any, Any, None]:
        """Go through its steps."""
        step, told = self._work.send, None
        while True:
            began = time.thread_time()
            try:
                waits = step(told)
            except StopIteration:
                return
            finally:
                self.seconds += time.thread_time() - began
            try:
                told = yield waits
                step = self._work.send
            except BaseException as error:  # that it is cancelled is its own to handle
                told, step = error, self._work.throw
