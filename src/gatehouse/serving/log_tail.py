"""What was added to a prediction log since it was last read: the newest of it, so that a look stays short.

Each server writes files of its own, one after another, whose names begin with the second at which it was started and
end with their number (`log_files`). So its log is known by how far its newest file was read.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatehouse.serving import log_source

NAME = re.compile(r"(?P<writer>(?P<begun>\d{8}T\d{6})-[^/]*)-(?P<number>\d+)\.jsonl$")
# Some hundred records of each of the servers that have written most: enough for a sample.
MOST_BYTES = 2**18
MOST_FILES = 4
# By which the clocks of two machines may differ.
CLOCKS = timedelta(minutes=10)
Read = Mapping[str, tuple[int, int]]


def added(where: str | Path, since: datetime, read: Read) -> tuple[list[bytes], dict[str, tuple[int, int]]]:
    """Return whole lines of servers that were started after `since`, written after what was `read`, and the new `read`.

    `read` holds, by server, the number of a file and bytes of it. Of a server's files the newest is looked at, and of
    that its newest MOST_BYTES. Raises EvidenceError when the log is not there or cannot be read.
    """
    earliest = f"{(since - CLOCKS).astimezone(UTC):%Y%m%dT%H%M%S}"
    lines: list[bytes] = []
    found: dict[str, tuple[int, int]] = {}
    with log_source.reading(where):
        system, sizes = log_source.files_of(where, since - CLOCKS)
        newest: dict[str, tuple[int, str]] = {}
        for path in sizes:
            name = NAME.search(path)
            if name and name["begun"] >= earliest:
                number = int(name["number"])
                newest[name["writer"]] = max(newest.get(name["writer"], (0, "")), (number, path))
        unread = {writer: _unread(number, sizes[path], read.get(writer)) for writer, (number, path) in newest.items()}
        for writer in sorted(newest, key=lambda writer: -unread[writer])[:MOST_FILES]:
            (number, path), left = newest[writer], unread[writer]
            if not left:
                continue
            start = sizes[path] - min(left, MOST_BYTES)
            text = system.cat_file(path, start=start, end=sizes[path])
            # What begins in the middle of a line, and what is still being written, is left out.
            head = text.find(b"\n") + 1 if left > MOST_BYTES else 0
            whole = text.rfind(b"\n") + 1
            lines += [line for line in text[head:whole].split(b"\n") if line]
            found[writer] = (number, start + whole)
    return lines, found


def _unread(number: int, size: int, known: tuple[int, int] | None) -> int:
    """Return how many bytes of a server's file of this number and size were not read."""
    if known is None or number > known[0]:
        return size
    return max(0, size - known[1]) if number == known[0] else 0
