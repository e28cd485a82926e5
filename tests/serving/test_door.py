import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import tumours

from gatehouse.bundle import Bundle

BODY = json.dumps(tumours.ROW).encode()
READY = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"


def request(*headers: str) -> bytes:
    """Return a request to /predict, with more headers."""
    lines = ["POST /predict HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(BODY)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + BODY


@pytest.fixture
def full(start: Callable[..., Any], bundle: Bundle) -> Iterator[Callable[[], socket.socket]]:
    """Give what connects to a server that takes one request at a time, and has that one: its body has not come."""
    server = start(bundle.path, "--maximum-in-flight", 1, "--time-limit-seconds", 60)
    with ExitStack() as stack:

        def connected() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))

        first = connected()
        first.sendall(request()[:-1])
        # Its task is there when the answer to a later request is.
        while server.counter("gatehouse_http_requests_in_flight") < 2:
            pass
        yield connected
        first.sendall(request()[-1:])
        assert answer(first)[0] == 200
        assert server.predict(tumours.ROW)[0] == 200
        assert server.counter("gatehouse_http_requests_shed_total") >= 1


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the next answer."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += client.recv(65536)
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += client.recv(65536)
    return int(first.split()[1]), headers, body


def test_refusals_are_whole_answers(full: Callable[[], socket.socket]) -> None:
    """Each refusal says when to come back, with an id of its own; the connection goes on, and health is answered."""
    client, seen = full(), set()
    for _ in range(3):
        client.sendall(request())
        status, headers, body = answer(client)
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["request_id"] == headers["x-request-id"]
        seen.add(headers["x-request-id"])
    assert len(seen) == 3
    client.sendall(READY)
    assert answer(client)[0] == 200


def test_named_request_keeps_its_name(full: Callable[[], socket.socket]) -> None:
    """A client that names its request is refused by that name."""
    client = full()
    client.sendall(request("X-Request-Id: mine"))
    status, headers, body = answer(client)
    assert (status, headers["x-request-id"], json.loads(body)["request_id"]) == (503, "mine", "mine")


def test_closing_client_is_closed(full: Callable[[], socket.socket]) -> None:
    """A client that wants no other answer on this connection is refused, and let go."""
    client = full()
    client.sendall(request("connection: close"))
    assert answer(client)[0] == 503
    assert client.recv(10) == b""


def test_parts_are_not_mistaken(full: Callable[[], socket.socket]) -> None:
    """A request that comes in parts, of which one looks like a request of its own, is one request."""
    client = full()
    text = request()
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
    client.sendall(head.encode())
    assert answer(client)[0] == 503
    client.sendall(text)
    client.sendall(READY)
    assert answer(client)[2] == b"ok\n"
