"""Servers that do nothing, with Gatehouse's own settings of uvicorn: what a request costs before any of our code.

`plain` is an ASGI function, `fastapi` a route of FastAPI; both answer two bytes and do not look at what was sent.
"""

import sys
from typing import Any

import uvicorn
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


if __name__ == "__main__":
    kind, port = sys.argv[1:]
    uvicorn.run(
        plain if kind == "plain" else fastapi(), port=int(port), loop="uvloop", http="httptools", lifespan="off",
        log_level="warning", access_log=False, server_header=False,
    )  # fmt: skip
