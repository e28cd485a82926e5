"""The ledger: every promotion, rollback and approval, appended and never changed."""

import getpass
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.errors import EvidenceError

FILE = "ledger.jsonl"


def append(state: Path, event: str, *, why: str, **facts: Any) -> Mapping[str, Any]:
    """Append one entry: what happened and why, with the time (UTC) and the person or workflow that did it."""
    entry = {"when": datetime.now(UTC).isoformat(timespec="milliseconds"), "who": actor(), "event": event, "why": why}
    entry |= facts
    files.append_line(state / FILE, json.dumps(entry, ensure_ascii=False, allow_nan=False))
    return entry


def read(state: Path) -> list[dict[str, Any]]:
    """Return all entries, oldest first. Raises EvidenceError naming a line that is no JSON."""
    path = state / FILE
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(files.read_lines(path, "ledger"), start=1):
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise EvidenceError(f"Line {number} of the ledger {path} is not JSON: {error}. Restore it.") from error
    return entries


def actor() -> str:
    """Return who acts: the GitHub actor in a workflow, else the user of this machine."""
    try:
        return os.environ.get("GITHUB_ACTOR") or getpass.getuser()
    except (KeyError, OSError):  # a container's numeric user has no name
        return str(os.getuid())
