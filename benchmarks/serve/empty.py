"""Servers that do nothing, with Gatehouse's own settings of uvicorn: what a request costs before any of our code.

`plain` is an ASGI function, `fastapi` a route of FastAPI, `socket` a connection in the same event loop that answers
whatever comes: nothing that reads what it refuses can refuse for less. All answer two bytes, and look at nothing.
"""

import asyncio
import sys
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI, Request, Response

START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
BODY = {"type": "http.response.body", "body": b"{}"}


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request at once."""
    await send(START)
    await send(BODY)


async def nothing(request: Request) -> Response:
    """Answer at once."""
    return Response(b"{}", media_type="application/json")


def fastapi() -> FastAPI:
    """Return an application with one empty route and one to say that it is there."""
    app = FastAPI()
    app.post("/predict")(nothing)
    app.get("/readyz")(nothing)
    return app


class Echo(asyncio.Protocol):
    """One connection, each of whose messages is answered with the same bytes."""

    def connection_made(self, transport: Any) -> None:
        """Be ready."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer at once."""
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


async def echo(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    kind, port = sys.argv[1:]
    if kind == "socket":
        uvloop.run(echo(int(port)))
    uvicorn.run(
        plain if kind == "plain" else fastapi(), port=int(port), loop="uvloop", http="httptools", lifespan="off",
        log_level="warning", access_log=False, server_header=False,
    )  # fmt: skip
