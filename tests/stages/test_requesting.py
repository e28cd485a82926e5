"""Asking a server: what it answers is what the model says, and a server that does not answer is an error."""

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest
import tumours
from serving.conftest import running

from gatehouse import bundle as bundles
from gatehouse.errors import TargetError
from gatehouse.stages import requesting


@pytest.fixture(scope="module")
def url(bundle, tmp_path_factory):
    """Return the address of a real server."""
    with running(tmp_path_factory.mktemp("server"), bundle.path) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_server_is_ready(url):
    """A server that is ready is not waited for."""
    requesting.wait_until_ready(url, 5)


def test_version_names_bundle(url, bundle):
    """A server says which version and which bundle it serves."""
    assert requesting.version(url) == {"model_version": "1.2.0", "bundle": bundle.digest}


def test_answers_are_the_models(url, bundle):
    """What comes over HTTP is bit by bit what the model answers here."""
    rows = tumours.rows().head(40)
    served = requesting.predict(url, rows, tumours.CONTRACT)
    here = bundles.load_model(bundle).predict(rows)
    assert served.classes == here.classes
    np.testing.assert_array_equal(served.scores, here.scores)


def test_refused_rows_raise(url):
    """Rows that the server refuses are an error with its reason."""
    with pytest.raises(TargetError, match=r"answered 4.*area"):
        requesting.predict(url, tumours.rows().head(2).assign(area=-5), tumours.CONTRACT)


@pytest.fixture
def page():
    """Return the address of a server that is none of Gatehouse: a page to everything, and half of one to /predict."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def do_POST(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"predictions": [')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_other_server_raises(page):
    """What answers otherwise than a server of Gatehouse, at a wrong address say, is an error with what it said."""
    with pytest.raises(TargetError, match="answered without 'model_version', so no server of Gatehouse did: '<html>"):
        requesting.version(page)


def test_half_an_answer_raises(page):
    """A server that ends in the middle of its answer did not answer."""
    with pytest.raises(TargetError, match="did not answer: IncompleteRead"):
        requesting.predict(page, tumours.rows().head(2), tumours.CONTRACT)


def test_silent_server_raises():
    """A server that does not get ready in time is an error, in time."""
    begun = time.monotonic()
    with pytest.raises(TargetError, match="not ready within 1 s"):
        requesting.wait_until_ready("http://127.0.0.1:9", 1)
    assert time.monotonic() - begun < 10
