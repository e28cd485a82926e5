"""Who was champion before, as the ledger tells it."""

from collections.abc import Sequence
from pathlib import Path

from gatehouse import ledger
from gatehouse.errors import EvidenceError
from gatehouse.release import Release


def served(state: Path) -> list[Release]:
    """Return the champions one after another, the present one last; what was rolled back is none of them.

    A champion that comes back takes its old place, and those after it are gone.
    """
    found: list[Release] = []
    for entry in ledger.read(state):
        if entry["event"] != "promotion":
            continue
        release = Release(**entry["to"])
        if not found and entry.get("from"):
            found.append(Release(**entry["from"]))
        same = [number for number, each in enumerate(found) if each.bundle == release.bundle]
        found = [*found[: same[0]], release] if same else [*found, release]
    return found


def choose(served: Sequence[Release], champion: Release | None, version: str | None) -> Release:
    """Return the champion before the present one, or the version that is named.

    Raises EvidenceError, naming those that there are, when there is none.
    """
    now = champion.bundle if champion else None
    earlier = [release for release in reversed(served) if release.bundle != now]
    found = next((release for release in earlier if version in (None, release.version)), None)
    if found is None:
        known = f"It knows {', '.join(release.version for release in earlier)}." if earlier else "It knows none."
        wanted = f"version {version}" if version else "a version"
        raise EvidenceError(f"The ledger does not know {wanted} that was champion before the present one. {known}")
    return found
