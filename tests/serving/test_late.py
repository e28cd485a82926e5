import asyncio
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message

from gatehouse.bundle import Bundle
from gatehouse.serving import server
from gatehouse.serving import service as services
from gatehouse.serving.late import Late
from gatehouse.serving.service import Service, Settings


async def asked(app: ASGIApp, path: str) -> str:
    """Return the text that a path is answered with."""
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return bytes(said[1]["body"]).decode()


def test_probes_do_not_wait(bundle: Bundle) -> None:
    """Whoever asks for health is answered without the application; others wait until it is there."""
    go_on = threading.Event()

    def make() -> ASGIApp:
        assert go_on.wait(30)
        return PlainTextResponse("from the application")

    async def talk(service: Service) -> list[str]:
        late = Late(make, service)
        waiting = asyncio.create_task(asked(late, "/version"))
        early = [await asked(late, "/healthz"), await asked(late, "/readyz")]
        service.draining = True
        early.append(await asked(late, "/readyz"))
        go_on.set()
        return [*early, await waiting, await asked(late, "/readyz")]

    with closing(services.start(Settings(bundle.path))) as service:
        said = asyncio.run(talk(service))
    assert said == ["ok\n", "ok\n", "draining\n", "from the application", "draining\n"]


def test_failure_ends_the_server(refused: Any, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose application cannot be made ends, and says why."""
    monkeypatch.setattr(server, "_made", lambda *_: 1 / 0)
    assert "cannot be made: ZeroDivisionError" in refused("--bundle", bundle.path, "--port", 0)
