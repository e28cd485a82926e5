"""What every request passes on its way in and out: its id, its time, and a clean end whatever happens."""

import logging
import re
import time
import traceback
import uuid
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatehouse.serving.service import Service

LOGGER = logging.getLogger(__name__)
# What a client may choose as an id: it goes into logs and headers, so no blanks and nothing long.
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
ROUTES = ("/", "/predict", "/healthz", "/readyz", "/version", "/metrics", "/openapi.json", "/docs")


class Edge:
    """Gives each request an id, counts it, and turns what nobody caught into a clean 500."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self.service, scope, send).run(self.app, receive)


class _Exchange:
    """One request and its answer."""

    def __init__(self, service: Service, scope: Scope, send: Send) -> None:
        self.service, self.scope, self._send = service, scope, send
        self.id = scope.setdefault("state", {})["request_id"] = request_id(scope)
        self.status = 0

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        metrics, began = self.service.metrics, time.perf_counter()
        # A path that is not served would make a new time series for every guess of a scanner.
        route = self.scope["path"] if self.scope["path"] in ROUTES else "other"
        metrics.in_flight += 1
        try:
            await app(self.scope, receive, self.send)
        except Exception as error:  # nothing may reach the client but a clean answer
            report(error, self.id)
            if self.status == 0:
                await failure(500, "The server failed.", self.id)(self.scope, receive, self.send)
        finally:
            metrics.in_flight -= 1
        metrics.answered(route, self.status, time.perf_counter() - began)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
            if self.service.draining:
                # Ask the client to come back on a new connection, which the router gives to another server.
                message["headers"].append((b"connection", b"close"))
        await self._send(message)


def request_id(scope: Scope) -> str:
    """Return the id that the client sent, if it is a fit one, or a new one."""
    sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def failure(status: int, message: str, identity: str, problems: list[dict[str, Any]] | None = None) -> JSONResponse:
    """Return an answer that says what went wrong, in the one form that all errors have."""
    return JSONResponse({"error": message, "problems": problems or [], "request_id": identity}, status)


def report(error: BaseException, identity: str) -> None:
    """Write an error's trace to the server's own output, without its message: it may quote a user's value."""
    cause = error.__cause__ or error
    trace = "".join(traceback.format_tb(cause.__traceback__))
    LOGGER.error("Request %s: %s\n%s", identity, type(cause).__name__, trace.rstrip())
