import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gatehouse.errors import TargetError
from gatehouse.targets.gateway import Gateway


class Handler(BaseHTTPRequestHandler):
    """Answers as a gateway that has one description of the traffic, and reaches one slot."""

    def do_GET(self) -> None:
        """Answer a mark by a redirect, and a probe by whether there is a server."""
        self.send_response({"/.gatehouse/route": 302, "/.gatehouse/blue": 200}.get(self.path, 503))
        self.send_header("Location", "http://blue-100-ab12.invalid:8088/.gatehouse/route")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Return a gateway that runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Gateway(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_mark_is_read(gateway):
    """The redirect is not followed: it tells which weights are in force."""
    assert gateway.has("blue-100-ab12")
    assert not gateway.has("blue-90-cd34")


def test_reached_slot_is_ready(gateway):
    """A slot is ready when a server answers through the gateway."""
    assert gateway.ready("blue")
    assert not gateway.ready("green")


def test_silent_gateway_is_an_error():
    """A gateway that does not answer asks for another address."""
    with pytest.raises(TargetError, match=r"does not answer at http://127.0.0.1:1(.|\n)*\[kubernetes\] url"):
        Gateway("http://127.0.0.1:1").ready("blue")
