"""The step that fetches and keeps state says what it did, and where it looks."""

import pytest

from gatehouse import ledger, shell
from gatehouse.errors import ConfigError
from gatehouse.stages import keep_state
from gatehouse.verdicts import Decision


def test_round_trip_says_counts(tmp_path):
    """What is pushed from one folder is pulled into another, and the verdicts say how much it was."""
    remote = str(tmp_path / "remote.git")
    shell.run(["git", "init", "--quiet", "--bare", remote])
    ledger.append(tmp_path / "one", "approval", why="looked at")
    pushed = keep_state.run("push", remote, tmp_path / "one")
    pulled = keep_state.run("pull", remote, tmp_path / "two")
    assert (pushed.decision, pushed.checks[0].n, pulled.checks[0].n) == (Decision.PROMOTE, 1, 1)
    assert ledger.read(tmp_path / "two")[0]["why"] == "looked at"


def test_repository_is_the_remote(monkeypatch):
    """In a workflow the state lies in the workflow's own repository, unless another place is named."""
    monkeypatch.delenv("GATEHOUSE_STATE_REMOTE", raising=False)
    monkeypatch.setenv("GITHUB_REPOSITORY", "you/model")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    assert keep_state.default_remote() == "https://github.com/you/model"
    monkeypatch.setenv("GATEHOUSE_STATE_REMOTE", "elsewhere.git")
    assert keep_state.default_remote() == "elsewhere.git"


def test_no_remote_is_error(monkeypatch):
    """On a laptop the remote must be named."""
    for name in ("GATEHOUSE_STATE_REMOTE", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="--remote"):
        keep_state.default_remote()
