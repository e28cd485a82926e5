import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import tumours

from gatehouse.bundle import Bundle
from gatehouse.serving import app as apps
from gatehouse.serving import service as services
from gatehouse.serving.middleware import Edge, Steps
from gatehouse.serving.service import Service, Settings

BODY = json.dumps({"rows": [tumours.ROW] * 2}).encode()
Receive = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
def service(bundle: Bundle) -> Iterator[Service]:
    """Return a service that gives up at once on what goes to another thread, as all of its requests do."""
    with closing(services.start(Settings(bundle.path, inline_rows=0, time_limit_seconds=1e-6))) as started:
        yield started


async def sent() -> dict[str, Any]:
    """Give the body at once."""
    return {"type": "http.request", "body": BODY}


async def never() -> dict[str, Any]:
    """Fail, because nobody may read the body."""
    raise AssertionError("the body was read")


def ask(service: Service, method: str, path: str, receive: Receive) -> tuple[int, dict[str, str], bytes]:
    """Send one request to the app of a service, and return status, headers and body."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers,
             "query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("x", 80)}  # fmt: skip
    asyncio.run(Edge(apps.create(service), service)(scope, receive, send))
    return said[0]["status"], {k.decode(): v.decode() for k, v in said[0]["headers"]}, said[1]["body"]


def test_sheds_before_reading(service: Service) -> None:
    """With too many requests under way, another is refused unread, with when to come back, and is counted."""
    service.overload.under_way = service.overload.most
    status, headers, text = ask(service, "POST", "/predict", never)
    assert (status, headers["retry-after"]) == (503, "1")
    assert json.loads(text)["request_id"] == headers["x-request-id"]
    assert b"gatehouse_http_requests_shed_total 1.0" in service.metrics.text()


def test_waits_for_its_turn(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is let in is read when it has its turn."""
    seen: list[str] = []

    async def turn(kind: str) -> None:
        seen.append(kind)

    async def read() -> dict[str, Any]:
        seen.append("read")
        return await sent()

    monkeypatch.setattr(service.overload, "turn", turn)
    assert ask(service, "POST", "/predict", read)[0] == 504
    assert seen == ["rows", "read"]


def test_late_body_waits_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose body came late has another turn, or all whose bodies come at once would have the same."""
    seen: list[str] = []

    async def turn(kind: str) -> None:
        seen.append(kind)

    async def late() -> dict[str, Any]:
        time.sleep(0.01)
        seen.append("read")
        return await sent()

    monkeypatch.setattr(service.overload, "turn", turn)
    assert ask(service, "POST", "/predict", late)[0] == 504
    assert seen == ["rows", "read", "rows"]


def work(seconds: float) -> None:
    """Keep a processor busy."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_own_steps_are_learned(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The price of a request is without what others do while it waits for its body."""
    learned: list[tuple[str, float]] = []

    async def beside_others() -> dict[str, Any]:
        asyncio.get_running_loop().call_soon(work, 0.5)
        await asyncio.sleep(0)
        return await sent()

    monkeypatch.setattr(service.overload, "took", lambda kind, seconds: learned.append((kind, seconds)))
    assert ask(service, "POST", "/predict", beside_others)[0] == 504
    ((kind, seconds),) = learned
    assert kind == "rows"
    assert 0 < seconds < 0.4


def test_price_is_of_own_steps() -> None:
    """What a request takes of the event loop is known without what others do while it waits."""

    async def request() -> None:
        work(0.02)
        await asyncio.sleep(0)
        work(0.02)

    async def other() -> None:
        work(0.3)

    async def both() -> float:
        steps = Steps(request())
        await asyncio.gather(steps, other())
        return steps.seconds

    assert asyncio.run(both()) == pytest.approx(0.04, abs=0.02)


def test_steps_are_cancelled() -> None:
    """Whoever is cancelled within its steps is told so there, and what it raises comes out."""
    seen: list[str] = []

    async def request() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise ValueError("its own") from None

    async def played() -> None:
        async def steps() -> None:
            await Steps(request())

        task = asyncio.create_task(steps())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(ValueError, match="its own"):
            await task

    asyncio.run(played())
    assert seen == ["cancelled"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_never_shed(service: Service, path: str) -> None:
    """Whoever asks for health or counters is answered however much is under way."""
    service.overload.under_way = service.overload.most
    assert ask(service, "GET", path, never)[0] == 200


def test_late_model_is_given_up(service: Service) -> None:
    """What the model does not answer within the time limit is a 504, and leaves its place to others."""
    assert ask(service, "POST", "/predict", sent)[0] == 504
    assert service.overload.under_way == 0


def test_slow_client_is_given_up(start: Callable[..., Any], bundle: Bundle) -> None:
    """A client that does not send its body within the time limit is told so."""
    server = start(bundle.path, "--time-limit-seconds", "0.2")
    head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.1 408")
