"""Who is asked before a file changes: the code owners that GitHub reads from CODEOWNERS."""

from fnmatch import fnmatchcase
from pathlib import Path

from gatehouse import files
from gatehouse.stages import base
from gatehouse.verdicts import Check, Decision

# Where GitHub looks for it, in this order.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def judge(folder: Path, name: str) -> list[Check]:
    """Return one advisory check that holds when a file of a folder has no code owner in its repository, else none."""
    root = Path(base.ask(["rev-parse", "--show-toplevel"], folder) or folder)
    place = next((root / place for place in PLACES if (root / place).is_file()), root / PLACES[0])
    text = files.read_text(place, "list of code owners") if place.is_file() else ""
    path = (folder / name).relative_to(root.resolve()).as_posix()
    if of(text, path):
        return []
    why = (
        f"{path} has no code owner: GitHub asks nobody when it changes. Put yourself or your team behind its line in "
        f"{place.relative_to(root)}, as @you or @organisation/team."
    )
    return [Check("code owner", Decision.HOLD, why, advisory=True)]


def of(text: str, path: str) -> list[str]:
    """Return the owners of a path, counted from the repository's root: those of the last line that matches it."""
    found: list[str] = []
    for line in text.splitlines():
        pattern, *owners = line.partition("#")[0].split() or [""]
        if pattern and _matches(pattern, path):
            found = owners
    return found


def _matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern means a path: a folder means all in it, and a name without a slash is found anywhere."""
    plain = pattern.strip("/")
    parts = path.split("/")
    if "/" not in pattern.rstrip("/"):
        return any(fnmatchcase(part, plain) for part in parts)
    starts = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(fnmatchcase(start, plain) for start in starts)
