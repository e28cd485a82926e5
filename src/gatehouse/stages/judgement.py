"""Stamping a verdict: when it was made, by which version, and about which commit."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gatehouse import shell
from gatehouse.verdicts import Check, Subject, Verdict


def make(
    step: str, checks: Sequence[Check], *, subject: Subject | None = None, details: Mapping[str, Any] | None = None
) -> Verdict:
    """Return the verdict of a step, stamped with the time now (UTC) and the version of Gatehouse."""
    return Verdict(
        step=step,
        checks=tuple(checks),
        subject=subject or Subject(commit=commit()),
        made_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        made_by=f"gatehouse {version('gatehouse')}",
        details=details or {},
    )


def commit(folder: Path | None = None) -> str | None:
    """Return the commit that is checked out, with `+changes` when files differ from it; None outside a repository."""
    try:
        head = shell.run(["git", "rev-parse", "HEAD"], cwd=folder, timeout=30).strip()
        changed = shell.run(["git", "status", "--porcelain", "--untracked-files=no"], cwd=folder, timeout=30).strip()
    except shell.CommandError:
        return None
    return f"{head}+changes" if changed else head
