"""GitHub's door, tried on a stand-in for the API: the one thing that cannot be here for real."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gatehouse import github
from gatehouse.errors import ConfigError
from gatehouse.stages import dispatch


class Api(BaseHTTPRequestHandler):
    """Takes dispatches of release.yml and knows no other workflow."""

    def do_POST(self):
        """Keep the request and answer as the API does."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers["Authorization"], body))
        self.send_response(204 if "release.yml" in self.path else 404)
        self.end_headers()

    def log_message(self, *args):
        """Print nothing."""


@pytest.fixture
def api(monkeypatch):
    """Run the stand-in, point the variables at it, and give what it has seen."""
    server = HTTPServer(("127.0.0.1", 0), Api)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "you/model")
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    yield server.seen
    server.shutdown()
    server.server_close()


def test_dispatch_is_sent(api):
    """A dispatch names the branch and the inputs, and carries the token."""
    dispatch.run("release.yml", "main", {"window": "sliding"})
    path, authorization, body = api[0]
    assert path == "/repos/you/model/actions/workflows/release.yml/dispatches"
    assert authorization == "Bearer t0ken"
    assert body == {"ref": "main", "inputs": {"window": "sliding"}}


def test_refusal_raises(api):
    """What the API refuses is an error with its status."""
    with pytest.raises(github.GithubError, match="404"):
        dispatch.run("none.yml", "main", {})


def test_no_token_raises(api, monkeypatch):
    """Outside a workflow the error says which variables are missing."""
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(ConfigError, match="GITHUB_TOKEN"):
        dispatch.run("release.yml", "main", {})


def test_plain_http_is_refused(api, monkeypatch):
    """A token never leaves the machine unencrypted."""
    monkeypatch.setenv("GITHUB_API_URL", "http://api.example.com")
    with pytest.raises(ConfigError, match="https"):
        dispatch.run("release.yml", "main", {})


def test_silence_raises(api, monkeypatch):
    """An API that is down is an error, not a crash."""
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    with pytest.raises(github.GithubError, match="did not answer"):
        dispatch.run("release.yml", "main", {})
