"""Where a prediction log is read from: a folder, or an address that fsspec knows, whole or from some day on."""

import re
from collections.abc import Iterator
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
    try:
        from fsspec.core import url_to_fs

        system, root = url_to_fs(url, use_listings_cache=False)
        for file in _files(system, root, f"{since:%Y-%m-%d}" if since else ""):
            # At once: line by line a remote file is a hundred times slower, and none is large.
            yield from (line for line in system.cat_file(file).split(b"\n") if line.strip())
    except FileNotFoundError as error:
        raise _absent(url) from error
    except Exception as error:  # whatever a file system of some cloud may raise
        said = f"{type(error).__name__}: {error}"
        raise EvidenceError(f"The prediction log at {url} cannot be read: {said}.") from error


def _files(system: Any, root: str, first: str) -> list[str]:
    """Return the files of a log, of the folders that are named by a day only those from the `first` on."""
    found: list[str] = []
    for entry in system.ls(root, detail=True):
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if entry["type"] != "directory":
            found.append(entry["name"])
        elif not DAY.fullmatch(name) or name >= first:
            found += system.find(entry["name"])
    return sorted(file for file in found if file.endswith(".jsonl"))


def _absent(where: str | Path) -> EvidenceError:
    return EvidenceError(f"There is no prediction log at {where}. Name where the servers write it, GATEHOUSE_LOG.")
