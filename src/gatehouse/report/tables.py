"""The tables of a report as plain text cells, before any markup: the checks, worst first, and the details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatehouse.report import wording
from gatehouse.verdicts import SEVERITY, Check, Verdict

# What is longer is for the JSON.
MOST_ROWS = 40
MOST_CHECKS = 60
DRIFT = ("feature", "test", "effect", "floor", "q", "psi", "missing_reference", "missing_window", "alarmed")


@dataclass(frozen=True)
class Table:
    """A table of text; `more` counts the rows that were left out, `numeric` says which columns hold numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    more: int = 0


def worst_first(verdict: Verdict) -> list[Check]:
    """Return the checks that count, worst first, and after them the advisory ones, worst first."""
    return sorted(verdict.checks, key=lambda check: (check.advisory, -SEVERITY.index(check.decision)))


def says_more(verdict: Verdict) -> bool:
    """Tell whether a table of the checks says more than the verdict's own sentence."""
    numbers = [number for check in verdict.checks for number in (check.observed, check.limit, check.interval, check.n)]
    return len(verdict.checks) > 1 or any(number is not None for number in numbers)


def name_of(check: Check) -> str:
    """Write a check's name, marked when it decides nothing."""
    return wording.clean(check.name) + (" (advisory)" if check.advisory else "")


def numbers_of(check: Check) -> tuple[str, str, str, str]:
    """Write what was observed, the limit, the interval and n."""
    return (
        wording.number(check.observed),
        wording.number(check.limit),
        wording.interval(check.interval),
        wording.number(check.n),
    )


def details(verdict: Verdict) -> list[Table]:
    """Return the tables in the details of a verdict and of its checks.

    `tables` maps a title to rows, each a mapping; `drift` lists tests of features, of which the main numbers are shown.
    """
    made = []
    for holder in (verdict.details, *[check.details for check in verdict.checks]):
        found = holder.get("tables")
        if isinstance(found, Mapping):
            made += [table(str(title), rows) for title, rows in found.items() if rows]
        moved = holder.get("drift")
        if isinstance(moved, Sequence) and moved and all(isinstance(row, Mapping) for row in moved):
            made.append(table("Features", drifts(moved)))
    return made


def drifts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what decides of each test of drift, those that raised an alarm first."""
    ordered = sorted(rows, key=lambda row: not row.get("alarmed"))
    return [{key: row[key] for key in DRIFT if key in row} for row in ordered]


def table(title: str, rows: Any, most: int = MOST_ROWS) -> Table:
    """Make a table of mappings; its columns are the keys of all rows, in the order in which they come."""
    listed = list(rows.items()) if isinstance(rows, Mapping) else list(rows) if isinstance(rows, Sequence) else [rows]
    mappings = [row if isinstance(row, Mapping) else {"value": row} for row in listed]
    keys = list(dict.fromkeys(key for row in mappings for key in row))
    return Table(
        title=wording.clean(title),
        header=tuple(wording.value(str(key)) for key in keys),
        rows=tuple(tuple(wording.value(row.get(key)) for key in keys) for row in mappings[:most]),
        numeric=tuple(all(_is_number(row.get(key)) for row in mappings) for key in keys),
        more=max(0, len(mappings) - most),
    )


def _is_number(item: Any) -> bool:
    return item is None or (isinstance(item, (int, float)) and not isinstance(item, bool))
