"""The ledger: appended, readable, and honest about a broken line."""

import pytest

from gatehouse import ledger
from gatehouse.errors import EvidenceError


def test_entries_keep_order(tmp_path):
    """What was appended is read back, oldest first."""
    ledger.append(tmp_path, "promotion", why="first", to={"version": "1.0.0"})
    ledger.append(tmp_path, "rollback", why="errors rose")
    assert [entry["event"] for entry in ledger.read(tmp_path)] == ["promotion", "rollback"]
    assert ledger.read(tmp_path)[0]["to"] == {"version": "1.0.0"}


def test_actor_is_named(tmp_path, monkeypatch):
    """In a workflow, the entry names the GitHub actor."""
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    assert ledger.append(tmp_path, "approval", why="agreed")["who"] == "octocat"


def test_empty_ledger(tmp_path):
    """No ledger yet means no entries."""
    assert ledger.read(tmp_path) == []


def test_broken_line_raises(tmp_path):
    """A line that is no JSON is an error that names it; history is never skipped over."""
    ledger.append(tmp_path, "promotion", why="first")
    with (tmp_path / ledger.FILE).open("a") as stream:
        stream.write("{half")
    with pytest.raises(EvidenceError, match="Line 2"):
        ledger.read(tmp_path)
