"""The semantic version of a model, derived from what changed against the champion."""

from gatehouse.contract import Contract

FIRST = "1.0.0"


def derive(previous: str | None, *, breaks: bool, code_changed: bool) -> str:
    """Return the next version: major when the schema breaks, minor when code changed, patch for newer data."""
    if previous is None:
        return FIRST
    major, minor, patch = (int(part) for part in previous.split("."))
    if breaks:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if code_changed else f"{major}.{minor}.{patch + 1}"


def breaks(previous: Contract, new: Contract) -> bool:
    """Tell whether a request that the previous model accepts may be refused by the new one."""
    return {(c.name, c.kind) for c in previous.features} != {(c.name, c.kind) for c in new.features}
