"""State on a branch, in real git repositories: nothing is lost when two write at once."""

import base64
from pathlib import Path

import pytest

from gatehouse import ledger, shell, state_branch
from gatehouse.errors import EvidenceError


@pytest.fixture
def remote(tmp_path) -> str:
    """Return a bare repository without any branch; its path has a space."""
    path = tmp_path / "a remote.git"
    shell.run(["git", "init", "--quiet", "--bare", str(path)])
    return str(path)


def test_missing_branch_is_empty(remote, tmp_path):
    """Before anything was kept there is nothing to fetch, and that is no error."""
    assert state_branch.pull(remote, tmp_path / "state") == 0
    assert not (tmp_path / "state").exists()


def test_approval_survives_runner(remote, tmp_path):
    """What one runner wrote, the next one reads, line by line."""
    one, two = tmp_path / "one", tmp_path / "two"
    ledger.append(one, "approval", why="we looked\u2028at it", verdict="abc")
    assert state_branch.push(remote, one, "Keep it") == 1
    assert state_branch.pull(remote, two) == 1
    assert ledger.read(two) == ledger.read(one)


def test_both_writers_are_kept(remote, tmp_path):
    """Two runners that started from the same state lose none of their lines."""
    one, two = tmp_path / "one", tmp_path / "two"
    for number, state in enumerate((one, two)):
        ledger.append(state, "promotion", why=f"number {number}")
        state_branch.push(remote, state, "Keep it")
    state_branch.pull(remote, one)
    assert [entry["why"] for entry in ledger.read(one)] == ["number 0", "number 1"]


def test_slower_writer_tries_again(remote, tmp_path, monkeypatch):
    """A push that somebody else's came before is merged and pushed again."""
    one, two = tmp_path / "one", tmp_path / "two"
    ledger.append(one, "promotion", why="the slow one")
    ledger.append(two, "promotion", why="the fast one")
    pushed = state_branch._pushed

    def overtaken(folder):
        monkeypatch.setattr(state_branch, "_pushed", pushed)
        state_branch.push(remote, two, "Faster")
        return pushed(folder)

    monkeypatch.setattr(state_branch, "_pushed", overtaken)
    assert state_branch.push(remote, one, "Slower") == 1
    state_branch.pull(remote, tmp_path / "three")
    assert [entry["why"] for entry in ledger.read(tmp_path / "three")] == ["the fast one", "the slow one"]


def test_always_overtaken_is_error(remote, tmp_path, monkeypatch):
    """Who never gets through says so, and keeps the own lines."""
    ledger.append(tmp_path / "one", "promotion", why="never")
    monkeypatch.setattr(state_branch, "_pushed", lambda folder: False)
    with pytest.raises(EvidenceError, match="5 times in a row"):
        state_branch.push(remote, tmp_path / "one", "Keep it")


def test_nothing_new_pushes_nothing(remote, tmp_path):
    """Pushing twice adds nothing the second time, and makes no commit."""
    ledger.append(tmp_path, "promotion", why="once")
    state_branch.push(remote, tmp_path, "Keep it")
    before = shell.run(["git", "rev-parse", state_branch.BRANCH], cwd=Path(remote))
    assert state_branch.push(remote, tmp_path, "Keep it") == 0
    assert shell.run(["git", "rev-parse", state_branch.BRANCH], cwd=Path(remote)) == before


def test_half_line_stays_behind(remote, tmp_path):
    """A line that a killed process did not finish is no state."""
    (tmp_path / "ledger.jsonl").write_text('{"event": "whole"}\n{"event": "ha')
    assert state_branch.push(remote, tmp_path, "Keep it") == 1


def test_other_files_stay_behind(remote, tmp_path):
    """Databases and bundles are no state to keep."""
    (tmp_path / "mlflow.db").write_text("large")
    assert state_branch.push(remote, tmp_path, "Keep it") == 0


def test_silent_remote_is_error(tmp_path):
    """A remote that is not there is an error, not an empty state."""
    with pytest.raises(shell.CommandError, match="does not appear to be a git repository"):
        state_branch.pull(str(tmp_path / "nowhere.git"), tmp_path / "state")


def test_token_is_not_in_command():
    """The workflow's token reaches git in its environment."""
    made = state_branch._environment({"GITHUB_TOKEN": "secret", "GITHUB_SERVER_URL": "https://github.com"})
    assert made["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraheader"
    assert base64.b64decode(made["GIT_CONFIG_VALUE_0"].rpartition(" ")[2]) == b"x-access-token:secret"
