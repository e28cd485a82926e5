"""The raw route beside FastAPI's: whatever is sent, in whatever parts, both answer the same."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import tumours
import uvicorn
from serving.conftest import running
from uvicorn.server import ServerState

from gatehouse.bundle import Bundle
from gatehouse.serving import app as apps
from gatehouse.serving import limited
from gatehouse.serving import service as services
from gatehouse.serving.overload import MOST_REFUSED
from gatehouse.serving.service import Settings

ROW = tumours.ROW
SENT = [
    (json.dumps(ROW).encode(), {}), (json.dumps({"rows": [ROW, {**ROW, "size": "huge"}]}).encode(), {}),
    (json.dumps({**ROW, "area": "SECRET"}).encode(), {}), (b"{", {}), (b"\xff", {}), (b"", {}),
    (json.dumps({"rows": [ROW] * 6}).encode(), {}), (b"x" * 5_000_000, {}), (b"a=1", {"content_type": "text/plain"}),
    (json.dumps(ROW).encode(), {"content_type": "APPLICATION/JSON; charset=utf-8"}),
]  # fmt: skip

BODY = json.dumps(ROW).encode()
HELD = str(Path(__file__).with_name("held_server.py"))
# uvicorn's, after which it closes a connection that rests.
REST_SECONDS = 5
READY = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"


def request(*headers: str) -> bytes:
    """Return a request to /predict, with more headers."""
    lines = ["POST /predict HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(BODY)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + BODY


@pytest.fixture
def full(start: Callable[..., Any], bundle: Bundle) -> Iterator[Callable[[], socket.socket]]:
    """Give what connects to a server that takes one request at a time, and has that one."""
    server = start(bundle.path, "--maximum-in-flight", 1, module=HELD)
    with ExitStack() as stack:

        def connected() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))

        first = connected()
        first.sendall(request("connection: close"))
        under_way(server, 1)
        yield connected
        assert server.ask("/version")[0] == 200
        assert answer(first)[0] == 200
        assert server.predict(ROW)[0] == 200
        assert server.counter("gatehouse_http_requests_shed_total") >= 1


def under_way(server: Any, requests: int) -> None:
    """Wait until a server has so many requests under way, beside the one that asks."""
    end = time.monotonic() + 20
    while server.counter("gatehouse_http_requests_in_flight") != requests + 1:
        assert time.monotonic() < end


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the next answer."""
    return answers(client, 1)[0]


def answers(client: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """Return status, headers and body of the next answers."""
    found, text = [], b""
    while len(found) < count:
        head, end, body = text.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines) if end else {}
        length = int(headers.get("content-length", 0))
        if end and len(body) >= length:
            found.append((int(first.split()[1]), headers, body[:length]))
            text = body[length:]
        else:
            more = client.recv(65536)
            assert more, "the server closed the connection"
            text += more
    return found


@pytest.fixture(scope="module")
def plain(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a server that answers by FastAPI's route."""
    with running(tmp_path_factory.mktemp("plain"), bundle.path, "--maximum-rows", 5, "--plain") as started:
        yield started


@pytest.mark.parametrize(("body", "headers"), SENT)
def test_answers_as_fastapi(server: Any, plain: Any, body: bytes, headers: dict[str, str]) -> None:
    """Status, body and headers are those of the plain route, but for the moment."""
    answers = [one.ask("/predict", body, X_Request_Id="same", **headers) for one in (server, plain)]
    (status, said, text), (plain_status, plain_said, plain_text) = answers
    assert (status, json.loads(text)) == (plain_status, json.loads(plain_text))
    assert {**said, "date": ""} == {**plain_said, "date": ""}


def test_counts_as_fastapi(server: Any, plain: Any) -> None:
    """Both count what they answer alike."""
    counted = []
    for one in (server, plain):
        before = one.counter("gatehouse_predictions_total")
        one.predict({"rows": [ROW] * 3})
        counted.append(one.counter("gatehouse_predictions_total") - before)
        assert re.search(r'requests_total\{route="/predict",status="200"\} [1-9]', one.ask("/metrics")[2].decode())
    assert counted == [3, 3]


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


def test_late_body_is_waited_for(server: Any) -> None:
    """A body that comes after its head, or in parts, is answered all the same."""
    for parts in (1, 2, 3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            text, size = request(), len(BODY) // parts
            client.sendall(text[: -len(BODY)])
            for start in range(0, len(BODY), size):
                time.sleep(0.005 if parts < 3 else 0.05)
                client.sendall(BODY[start : start + size])
            assert answer(client)[0] == 200


def test_head_that_waits_keeps_its_connection(server: Any) -> None:
    """A head that comes just before a resting connection would be closed is answered when its body is there."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(request())
        assert answer(client)[0] == 200
        time.sleep(REST_SECONDS - 0.01)
        client.sendall(request()[: -len(BODY)])
        time.sleep(0.015)
        client.sendall(BODY)
        assert answer(client)[0] == 200


def test_slow_senders_keep_nobody_out(start: Callable[..., Any], bundle: Bundle) -> None:
    """Clients whose bodies do not come take no place of those whose do, and are answered when theirs is there."""
    server = start(bundle.path, "--maximum-in-flight", 2, "--time-limit-seconds", 60)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)) for _ in range(5)]
        for number, client in enumerate(slow, 1):
            client.sendall(request()[:-1])
            under_way(server, number)
        assert server.predict(ROW)[0] == 200
        assert server.predict({"rows": [ROW]})[0] == 200
        for client in slow:
            client.sendall(request()[-1:])
            assert answer(client)[0] == 200


def test_impatient_client_is_answered_in_order(server: Any) -> None:
    """Requests that are sent before the answer to the first have all their answers, in their order."""
    names = [f"n{number}" for number in range(5)]
    texts = [request(f"x-request-id: {name}") for name in names]
    texts[2] = texts[2].replace(b"/predict", b"/version").replace(b"POST", b"GET", 1)
    for pause in (0.0, 0.002):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            for text in texts:
                client.sendall(text)
                time.sleep(pause)
            found = answers(client, len(names))
        assert [headers["x-request-id"] for _, headers, _ in found] == names
        assert {status for status, _, _ in found} == {200}


def test_many_at_once_have_their_own_answers(server: Any, plain: Any) -> None:
    """What is answered together is what each is answered alone."""
    rows = [{**ROW, "area": 100 * number} for number in range(40)]
    with ThreadPoolExecutor(20) as clients:
        together = list(clients.map(lambda row: server.predict(row)[1]["scores"], rows))
    alone = [plain.predict(row)[1]["scores"] for row in rows]
    for one, other in zip(together, alone, strict=True):
        assert one[0] == pytest.approx(other[0], abs=1e-12)


def test_client_that_left_harms_nobody(server: Any) -> None:
    """Answers to clients that are gone are dropped, and the next one is answered."""
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(request())
    assert server.predict(ROW)[0] == 200
    assert server.counter("gatehouse_http_requests_in_flight") == 1


class Wire(asyncio.Transport):
    """What a connection says, in a number of answers, and whether it listens."""

    answers, listens = 0, True

    def write(self, data: Any) -> None:
        """Count an answer."""
        assert data.startswith(b"HTTP/1.1 503")
        self.answers += 1

    def is_closing(self) -> bool:
        """Tell that it is not."""
        return False

    def pause_reading(self) -> None:
        """Listen no more."""
        self.listens = False

    def resume_reading(self) -> None:
        """Listen again."""
        self.listens = True


def test_siege_is_read_in_parts(bundle: Bundle) -> None:
    """When one turn has refused many, whoever is refused now is heard again in the next one: others have theirs."""
    wire = Wire()

    async def siege() -> list[bool]:
        made: Any = limited.of(service)
        client = made(uvicorn.Config(apps.create(service)), ServerState(), {})
        client.connection_made(wire)
        heard = []
        for asked in (MOST_REFUSED, 1):
            for _ in range(asked):
                client.data_received(request())
            heard.append(wire.listens)
        await asyncio.sleep(0)
        return [*heard, wire.listens]

    with closing(services.start(Settings(bundle.path, maximum_in_flight=1))) as service:
        service.overload.under_way = 1
        assert asyncio.run(siege()) == [True, False, True]
    assert wire.answers == MOST_REFUSED + 1
