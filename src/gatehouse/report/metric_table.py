"""The table of metrics: champion, candidate, their difference with its interval, limit and verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.report import tables, wording
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check

# What the details of a check hold that compares a metric, or holds it against a floor.
KEYS = ("metric", "candidate", "low", "high", "limit")
MAIN = "quality"
NOTE = "A difference above 0 is an improvement, also for a loss; its whole interval must lie above the limit."


def fits(check: Check) -> bool:
    """Tell whether a check compares a metric, or holds it against a floor."""
    return None not in map(check.details.get, KEYS)


def make(checks: Sequence[Check], said: str) -> Table:
    """Return one row a metric, the main one first; `said` is the sentence that needs not be said again."""
    ordered = sorted(checks, key=lambda check: check.name != MAIN)
    details = [check.details for check in ordered]
    first = all(about.get("delta") is None for about in details)
    other = opponent(details[0]) if details else ""
    share = next((f"{2 * about['confidence'] - 1:.0%} " for about in details if "confidence" in about), "")
    interval = f"{share.replace('%', ' %')}interval"
    header = ("value", interval, "floor") if first else (other, "candidate", f"difference ({interval})", "limit")
    rows = [row(check, other, first) for check in ordered]
    whys = [tables.unsaid(check, said) for check in ordered]
    numeric = (False, *[True] * len(header))
    return tables.judged(
        "", ("metric", *header), numeric, rows, ordered, whys, list(map(word, ordered)), "" if first else NOTE
    )


def opponent(about: Mapping[str, Any]) -> str:
    """Return what the candidate was compared with: the champion, unless the details say otherwise."""
    return wording.clean(str(about.get("against") or "champion"))


def row(check: Check, other: str, first: bool) -> tuple[str, ...]:
    """Return the cells of one metric, all with the decimals that its interval allows."""
    about = check.details
    places = precision(about["low"], about["high"], about["limit"])
    sign = "" if first else "+"
    low, high = (f"{about[key]:{sign}.{places}f}" for key in ("low", "high"))
    limit = wording.number(about["limit"])
    if first:
        return label(check, other), f"{about['candidate']:.{places}f}", f"{low} to {high}", limit
    old, new = (
        wording.NOTHING if about.get(k) is None else f"{about[k]:.{places}f}" for k in ("champion", "candidate")
    )
    delta = wording.NOTHING if about.get("delta") is None else f"{about['delta']:+.{places}f}"
    return label(check, other), old, new, f"{delta} ({low} to {high})", limit


def label(check: Check, other: str) -> str:
    """Name a metric, and the part that it plays where that is not the main one."""
    metric, against = wording.clean(str(check.details["metric"])), opponent(check.details)
    part = wording.clean(check.name.replace(metric, ""))
    if against != other:
        return f"{metric}, against the {against}"
    return metric if part in ("", MAIN) else f"{metric} ({part})"


def word(check: Check) -> str:
    """Say a check's decision, and that it blocks nothing where it does not."""
    return f"{check.decision} (does not block)" if check.advisory else str(check.decision)


def precision(low: float, high: float, limit: float) -> int:
    """Return the decimals for an interval: three digits of its width, and more where an end would read as the limit."""
    places = wording.decimals(high - low)
    while places < 8 and any(end != limit and round(end, places) == round(limit, places) for end in (low, high)):
        places += 1
    return places
