"""Reading what came to a prediction log since the last look."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from gatehouse.errors import EvidenceError
from gatehouse.serving import log_tail
from gatehouse.serving.log_writer import LogWriter

BEGUN = datetime(2026, 8, 1, 12, tzinfo=UTC)


def file(folder: Path, number: int = 1, begun: datetime = BEGUN, who: str = "1-a") -> Path:
    """Return the path of a server's file."""
    return folder / f"{begun:%Y%m%dT%H%M%S}-{who}-{number:04d}.jsonl"


def test_reads_what_servers_write(tmp_path: Path) -> None:
    """The names are those that a server gives its files."""
    log = LogWriter(tmp_path, lambda n: None)
    log.add(1, lambda: b"{}\n")
    log.close()
    now = datetime.now(UTC)
    lines, read = log_tail.added(tmp_path, now, {})
    assert lines == [b"{}"]
    assert list(read.values()) == [(1, 3)]


def test_each_line_is_read_once(tmp_path: Path) -> None:
    """A look gives whole lines that were written since the one before; the half-written end comes when it is whole."""
    path = file(tmp_path)
    path.write_bytes(b"one\ntwo\nthr")
    lines, read = log_tail.added(tmp_path, BEGUN, {})
    assert lines == [b"one", b"two"]
    assert log_tail.added(tmp_path, BEGUN, read) == ([], read)
    path.write_bytes(b"one\ntwo\nthree\n")
    lines, read = log_tail.added(tmp_path, BEGUN, read)
    assert lines == [b"three"]
    assert log_tail.added(tmp_path, BEGUN, read) == ([], {})


def test_next_file_follows(tmp_path: Path) -> None:
    """A server's next file is read from its beginning, and an earlier one no more."""
    file(tmp_path, 1).write_bytes(b"one\n")
    _, read = log_tail.added(tmp_path, BEGUN, {})
    file(tmp_path, 2).write_bytes(b"2\n")
    file(tmp_path, 1).write_bytes(b"one\nlate\n")
    assert log_tail.added(tmp_path, BEGUN, read)[0] == [b"2"]


def test_earlier_servers_are_left_out(tmp_path: Path) -> None:
    """Servers that were started long before the rollout are not its candidate's; clocks may differ by minutes."""
    file(tmp_path, begun=BEGUN - timedelta(hours=1)).write_bytes(b"stable\n")
    file(tmp_path, begun=BEGUN - timedelta(minutes=2), who="2-b").write_bytes(b"canary\n")
    (tmp_path / "by-hand.jsonl").write_bytes(b"other\n")
    assert log_tail.added(tmp_path, BEGUN, {})[0] == [b"canary"]


def test_look_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of much the newest is read, from the beginning of a line; servers that wait for a look get the next one."""
    monkeypatch.setattr(log_tail, "MOST_BYTES", 10)
    monkeypatch.setattr(log_tail, "MOST_FILES", 1)
    file(tmp_path).write_bytes(b"first\nsecond\nthird\nlast\n")
    file(tmp_path, who="2-b").write_bytes(b"short\n")
    lines, read = log_tail.added(tmp_path, BEGUN, {})
    assert lines == [b"last"]
    assert log_tail.added(tmp_path, BEGUN, read)[0] == [b"short"]


@pytest.fixture
def store() -> Iterator[MemoryFileSystem]:
    """Return a store that is empty in the end."""
    yield fsspec.filesystem("memory")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_address_is_read(store: MemoryFileSystem) -> None:
    """At an address files lie below their days, of which those before the rollout are not looked into."""
    for day in ("2026-07-30", "2026-08-01"):
        store.pipe(f"memory://log/{day}/{file(Path()).name}", day.encode() + b"\n")
    assert log_tail.added("memory://log", BEGUN, {})[0] == [b"2026-08-01"]


def test_missing_log_is_an_error(store: MemoryFileSystem, tmp_path: Path) -> None:
    """A log that is not there is missing evidence."""
    for where in ("memory://nowhere", tmp_path / "nowhere"):
        with pytest.raises(EvidenceError, match="There is no prediction log"):
            log_tail.added(where, BEGUN, {})
