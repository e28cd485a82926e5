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


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\r\n", "\x0c"])
def test_reason_may_hold_any_mark(tmp_path, mark):
    """A reason that was pasted, with what else ends a line, is one entry, and the ledger can still be read."""
    ledger.append(tmp_path, "approval", why=f"agreed{mark}by all")
    ledger.append(tmp_path, "rollback", why="errors rose")
    assert [entry["why"] for entry in ledger.read(tmp_path)] == [f"agreed{mark}by all", "errors rose"]


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
