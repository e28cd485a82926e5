"""The semantic version of a model, derived from what changed against the champion."""

from collections.abc import Collection

from gatehouse.contract import Column, Contract

FIRST = "1.0.0"


def derive(previous: str | None, *, breaks: bool, changed: bool, taken: Collection[str] = ()) -> str:
    """Return the next version: major when the schema breaks, minor when code or features changed, patch otherwise.

    Newer data is a patch, and so is nothing at all: what was released keeps its number for itself. A number that is
    `taken`, by a version that was rolled back or is on its way, is skipped.
    """
    parts = tuple(map(int, FIRST.split(".")))
    if previous is not None:
        major, minor, patch = (int(part) for part in previous.split("."))
        parts = (major + 1, 0, 0) if breaks else (major, minor + 1, 0) if changed else (major, minor, patch + 1)
    while "{}.{}.{}".format(*parts) in taken:
        parts = (*parts[:2], parts[2] + 1)
    return "{}.{}.{}".format(*parts)


def breaks(previous: Contract, new: Contract) -> bool:
    """Tell whether a request that the previous model takes may be refused by the new one, or its answers misread.

    A server refuses unknown fields, missing ones that may not be missing, other kinds, and numbers out of range; it
    takes a category that it never saw.
    """
    if (previous.task, previous.positive) != (new.task, new.positive):
        return True
    old, fields = _fields(previous), _fields(new)
    needed = any(fields[name].maximum_missing == 0 and fields[name].role != "id" for name in fields.keys() - old.keys())
    return needed or any(name not in fields or _narrower(column, fields[name]) for name, column in old.items())


def features_changed(previous: Contract, new: Contract) -> bool:
    """Tell whether the model sees other features, or the same ones described otherwise."""
    return previous.features != new.features


def _fields(contract: Contract) -> dict[str, Column]:
    """Return what a request may hold."""
    return {column.name: column for column in contract.columns if column.role in ("feature", "id")}


def _narrower(old: Column, new: Column) -> bool:
    """Tell whether a column takes less than before."""
    if (old.kind, old.role) != (new.kind, new.role) or (old.maximum_missing > 0 and new.maximum_missing == 0):
        return True
    raised = new.minimum is not None and (old.minimum is None or new.minimum > old.minimum)
    return raised or (new.maximum is not None and (old.maximum is None or new.maximum < old.maximum))
