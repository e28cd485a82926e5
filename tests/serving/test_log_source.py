from collections.abc import Iterator
from datetime import UTC, datetime

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from gatehouse.errors import EvidenceError
from gatehouse.serving import log_source

URL = "memory://bucket/log"


@pytest.fixture(autouse=True)
def store() -> Iterator[MemoryFileSystem]:
    """Return a store that is empty in the end."""
    yield fsspec.filesystem("memory")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_reads_days_from_since(store: MemoryFileSystem) -> None:
    """Of an address, files in folders that are no day are read always, and days only from the one that is asked for."""
    for name in ("2026-07-31/a", "2026-08-01/b", "2026-08-02/c", "by-hand/d", "e"):
        store.pipe(f"{URL}/{name}.jsonl", f"{name}\n\n".encode())
    store.pipe(f"{URL}/notes.txt", b"no log\n")
    since = datetime(2026, 8, 1, 23, 59, tzinfo=UTC)
    assert sorted(log_source.lines(URL, since)) == [b"2026-08-01/b", b"2026-08-02/c", b"by-hand/d", b"e"]
    assert len(list(log_source.lines(URL))) == 5


def test_missing_address_is_an_error() -> None:
    """An address at which nothing is, or that nobody takes, is missing evidence."""
    with pytest.raises(EvidenceError, match="There is no prediction log at memory://bucket/log"):
        list(log_source.lines(URL))
    with pytest.raises(EvidenceError, match="cannot be read: ValueError: Protocol not known"):
        list(log_source.lines("nowhere://bucket/log"))


def test_unreadable_file_is_an_error(store: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be fetched is an error, and not a shorter log."""
    store.pipe(f"{URL}/a.jsonl", b"a\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    with pytest.raises(EvidenceError, match="cannot be read: PermissionError: not yours"):
        list(log_source.lines(URL))
