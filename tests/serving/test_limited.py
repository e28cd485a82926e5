"""One client that is wrong, slow or silent keeps the server from nobody else."""

import json
import re
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tumours
from serving.conftest import running
from serving.test_hot_path import BODY, READY, answer, answers, request

from gatehouse.bundle import Bundle
from gatehouse.serving import limited

OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA")
SECONDS = 0.5
# Of this process, on Linux.
STATUS = Path("/proc/self/status")
POST = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def connected(server: Any, received: int = 0) -> Any:
    """Return a connection, to be closed, that takes so many bytes at a time where that is said."""
    client = socket.socket()
    if received:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.settimeout(20)
    client.connect(("127.0.0.1", server.port))
    return closing(client)


def insist(client: socket.socket) -> None:
    """Ask on, and take no answer."""
    for _ in range(100):
        client.sendall(READY)
        time.sleep(0.02)


@pytest.fixture(scope="module", params=["raw", "plain"])
def either(request: pytest.FixtureRequest, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a server by the raw route, and one by FastAPI's, which waits for half a second."""
    ways = ["--plain"] if request.param == "plain" else []
    with running(tmp_path_factory.mktemp("limited"), bundle.path, "--time-limit-seconds", SECONDS, *ways) as started:
        yield started


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_offer_is_passed_over(either: Any, pause: float) -> None:
    """A client that offers HTTP/2, as Java's does, is answered by HTTP/1.1, and its body is read."""
    text = request(*OFFER)
    with connected(either) as client:
        client.sendall(text[: -len(BODY)])
        time.sleep(pause)
        client.sendall(BODY)
        assert answer(client)[0] == 200
        client.sendall(READY.replace(b"host: x", "\r\n".join(OFFER).upper().encode()) + request())
        assert [status for status, _, _ in answers(client, 2)] == [200, 200]


ENDLESS = {
    "header": b"GET /readyz HTTP/1.1\r\nx-long: ",
    "address": b"GET /",
    "trailer": b"%btransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nx-long: " % (POST, len(BODY), BODY),
}


@pytest.mark.parametrize("where", ENDLESS)
def test_endless_head_is_refused(either: Any, where: str) -> None:
    """What does not end around a body is cut off, with the form of all refusals, and the next client is answered."""
    counted = 'gatehouse_http_requests_total{route="other",status="431"}'
    before = either.counter(counted)
    with connected(either) as client:
        client.sendall(ENDLESS[where])
        for _ in range(6):
            time.sleep(0.05)
            client.sendall(b"a" * 16_000)
        status, headers, body = answer(client)
        assert (status, headers["connection"], headers["x-request-id"]) == (
            431,
            "close",
            json.loads(body)["request_id"],
        )
        assert client.recv(1) == b""
    assert either.counter(counted) - before == 1
    assert either.predict(tumours.ROW)[0] == 200


def test_long_body_is_no_head(either: Any) -> None:
    """A body that comes in many parts, or in many chunks, is taken to its end."""
    parts = [b" " * 20_000] * 20 + [BODY]
    with connected(either) as client:
        client.sendall(b"%bcontent-length: %d\r\n\r\n" % (POST, sum(map(len, parts))))
        for part in parts:
            client.sendall(part)
            time.sleep(0.005)
        client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n")
        for part in parts:
            client.sendall(b"%x\r\n%b\r\n" % (len(part), part))
            time.sleep(0.005)
        client.sendall(b"0\r\nx-short: a\r\n\r\n" + READY)
        assert [status for status, _, _ in answers(client, 3)] == [200, 200, 200]


def test_what_is_no_request_is_told(either: Any) -> None:
    """What is not HTTP gets the form of all refusals."""
    with connected(either) as client:
        client.sendall(b"HELO\r\n\r\n")
        status, headers, body = answer(client)
    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body) == {
        "error": "This is no request by HTTP/1.1. See /docs.", "problems": [], "request_id": headers["x-request-id"]
    }  # fmt: skip


def test_slow_heads_are_let_go(either: Any) -> None:
    """Who says nothing for the time limit, or does not end a head, gives the connection back; others keep theirs."""
    with connected(either) as silent, connected(either) as first, connected(either) as later, connected(either) as good:
        first.sendall(request()[:30])
        later.sendall(request())
        assert answer(later)[0] == 200
        later.sendall(READY[:-1])
        for _ in range(5):
            good.sendall(request())
            assert answer(good)[0] == 200
            time.sleep(SECONDS)
        assert silent.recv(10) == b""
        for late in (first, later):
            status, _, body = answer(late)
            assert (status, json.loads(body)["error"]) == (408, "The request's head did not come within 0.5 s.")
            assert late.recv(10) == b""


def test_reader_that_takes_nothing_is_let_go(either: Any) -> None:
    """Who asks and asks, and does not take the answers, is left; what was being answered does not wait for ever."""
    with connected(either, received=4096) as client:
        client.sendall(READY.replace(b"/readyz", b"/openapi.json") * 3000)
        flights = "gatehouse_http_requests_in_flight"
        while either.counter(flights) < 2:
            pass
        while either.counter(flights) > 1:
            time.sleep(0.1)
        with pytest.raises(OSError, match=r"reset|pipe"):
            insist(client)


def test_opens_as_many_as_allowed() -> None:
    """A process that began with room for few connections has room for many, and its table of files as well."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        limited.open_many()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(limited.OPEN, hard), hard)
        if STATUS.exists():
            assert int(re.findall(r"FDSize:\s*(\d+)", STATUS.read_text())[0]) >= limited.TABLE
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
