"""Where a prediction log is read from: a folder, or an address that fsspec knows, whole or from some day on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.errors import EvidenceError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def lines(where: str | Path, since: datetime | None = None) -> Iterator[bytes]:
    """Give every line of a log that is not blank, the end of a file that is being written included.

    At an address, days that ended before `since` (UTC) are left out. Raises EvidenceError when the log is not there or
    cannot be read.
    """
    yield from _remote(str(where), since) if files.is_url(where) else _local(Path(where))


def _local(folder: Path) -> Iterator[bytes]:
    if not folder.is_dir():
        raise _absent(folder)
    for file in sorted(folder.rglob("*.jsonl")):
        try:
            with file.open("rb") as stream:
                yield from (line for line in stream if line.strip())
        except OSError as error:
            raise EvidenceError(f"The prediction log {file} cannot be read: {error.strerror}.") from error


def _remote(url: str, since: datetime | None) -> Iterator[bytes]:
    with reading(url):
        system, sizes = files_of(url, since)
        for file in sizes:
            # At once: line by line a remote file is a hundred times slower, and none is large.
            yield from (line for line in system.cat_file(file).split(b"\n") if line.strip())


@contextmanager
def reading(where: str | Path) -> Iterator[None]:
    """Turn whatever a file system raises while a log is read into EvidenceError."""
    try:
        yield
    except FileNotFoundError as error:
        raise _absent(where) from error
    except Exception as error:  # whatever a file system of some cloud may raise
        said = f"{type(error).__name__}: {error}"
        raise EvidenceError(f"The prediction log at {where} cannot be read: {said}.") from error


def files_of(where: str | Path, since: datetime | None = None) -> tuple[Any, dict[str, int]]:
    """Return the file system of a log, and the bytes of each of its files there, by path, in order.

    Of the folders that are named by a day only those from the day of `since` (UTC) on are looked into. Raises what the
    file system does.
    """
    from fsspec.core import url_to_fs

    system, root = url_to_fs(str(where), use_listings_cache=False)
    first = f"{since:%Y-%m-%d}" if since else ""
    found: dict[str, int] = {}
    for entry in system.ls(root, detail=True):
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if entry["type"] != "directory":
            found[entry["name"]] = entry["size"]
        elif not DAY.fullmatch(name) or name >= first:
            found |= {path: info["size"] for path, info in system.find(entry["name"], detail=True).items()}
    return system, {path: found[path] for path in sorted(found) if path.endswith(".jsonl")}


def _absent(where: str | Path) -> EvidenceError:
    return EvidenceError(f"There is no prediction log at {where}. Name where the servers write it, GATEHOUSE_LOG.")
