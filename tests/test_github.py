"""GitHub's door, tried on a stand-in for the API: the one thing that cannot be here for real."""

import github_api
import pytest

from gatehouse import github
from gatehouse.errors import ConfigError
from gatehouse.stages import dispatch


@pytest.fixture
def api(monkeypatch):
    """Run the stand-in, point the variables at it, and give what it has seen."""
    with github_api.running() as stand_in:
        monkeypatch.setenv("GITHUB_API_URL", stand_in.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "you/model")
        monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
        yield stand_in.seen


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
