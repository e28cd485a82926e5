"""The tables of a report as plain text cells, before any markup: the checks, worst first, and the details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatehouse.report import wording
from gatehouse.verdicts import SEVERITY, Check, Decision, Verdict

# What is longer is for the JSON.
MOST_ROWS = 40
MOST_JUDGED = 60
DRIFT = ("feature", "test", "effect", "floor", "q", "psi", "missing_reference", "missing_window", "alarmed")


@dataclass(frozen=True)
class Table:
    """A table of text; `more` counts the rows that were left out, `numeric` says which columns hold numbers.

    A row that was judged has its decision, the words for it, and a sentence where there is more to say; the first
    `unfolded` rows are always to be seen. The `lead` sums it up, the `note` says how to read it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    more: int = 0
    decisions: tuple[Decision, ...] = ()
    words: tuple[str, ...] = ()
    whys: tuple[str, ...] = ()
    unfolded: int = 8
    note: str = ""
    lead: str = ""


def worst_first(verdict: Verdict) -> list[Check]:
    """Return the checks that count, worst first, and after them the advisory ones, worst first."""
    return sorted(verdict.checks, key=lambda check: (check.advisory, -SEVERITY.index(check.decision)))


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


def unsaid(check: Check, said: str) -> str:
    """Return a check's sentence where something is not as it should be, and the verdict has not said it."""
    return "" if check.decision == Decision.PROMOTE or check.why == said else check.why


def judged(
    title: str,
    header: tuple[str, ...],
    numeric: tuple[bool, ...],
    rows: Sequence[tuple[str, ...]],
    checks: Sequence[Check],
    whys: Sequence[str],
    words: Sequence[str] = (),
    note: str = "",
    lead: str = "",
) -> Table:
    """Return a table of judged rows; what is not good is never folded away."""
    bad = [place for place, check in enumerate(checks, 1) if check.decision != Decision.PROMOTE and not check.advisory]
    decisions = [check.decision for check in checks]
    return Table(
        title=title,
        header=header,
        rows=tuple(rows[:MOST_JUDGED]),
        numeric=numeric,
        more=max(0, len(rows) - MOST_JUDGED),
        decisions=tuple(decisions[:MOST_JUDGED]),
        words=tuple((words or [str(decision) for decision in decisions])[:MOST_JUDGED]),
        whys=tuple(whys[:MOST_JUDGED]),
        unfolded=max([*bad, Table.unfolded]),
        note=note,
        lead=lead,
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
