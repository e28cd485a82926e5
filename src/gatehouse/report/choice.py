"""Which plots a verdict has: what its details hold says so."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gatehouse.report import gap_table, metric_table, slice_table
from gatehouse.report.chart import Chart
from gatehouse.verdicts import Check, Decision, Verdict

Row = Mapping[str, Any]
Draw = Callable[[str], Chart]


def charts(verdict: Verdict, name: str) -> list[Chart]:
    """Return the plots of a verdict; `name` keeps their ids apart from those of another's."""
    draws = [
        *map(quality, verdict.checks),
        slices(verdict),
        fairness(verdict),
        *latency(verdict),
        timeline(verdict),
        drift(verdict),
    ]
    return [draw(f"{name}-{place}") for place, draw in enumerate(draws) if draw is not None]


# matplotlib takes a second to import, and a page without plots need not wait for it: hence the imports below.


def quality(check: Check) -> Draw | None:
    """Plot a metric's improvement, or a first model's value, when the check's details hold its numbers."""
    if not metric_table.fits(check):
        return None
    found = {"n": check.n, **check.details}
    from gatehouse.report.plots import first, quality

    return lambda name: (first if found.get("delta") is None else quality).chart(name, found)


def slices(verdict: Verdict) -> Draw | None:
    """Plot one dot a slice, from the checks whose details name a column and a level."""
    rows = [slice_row(check) for check in verdict.checks if slice_table.fits(check)]
    if not rows:
        return None
    from gatehouse.report.plots import slices

    return lambda name: slices.chart(name, rows)


def slice_row(check: Check) -> Row:
    """Turn a drop, which is good when it is small, into a change, which is good when it is large."""
    return {
        "slice": slice_table.name_of(check),
        "measure": check.details["measure"],
        "change": -float(check.details["drop"]),
        "limit": None if check.limit is None else -check.limit,
        "refused": check.decision == Decision.REJECT,
        "judged": not check.advisory,
    }


def fairness(verdict: Verdict) -> Draw | None:
    """Plot one dot a gap between groups, from the checks whose details hold one."""
    found = list(filter(gap_table.fits, verdict.checks))
    rows = [gap_row(check) for check in found]
    if not rows:
        return None
    from gatehouse.report.plots import fairness

    return lambda name: fairness.chart(name, rows)


def gap_row(check: Check) -> Row:
    """Name a gap by what its check is called, without the name of the gate."""
    return {
        **{key: check.details[key] for key in gap_table.KEYS},
        "name": check.name.removeprefix("fairness "),
        "limit": check.limit,
        "refused": check.decision == Decision.REJECT,
    }


def latency(verdict: Verdict) -> list[Draw]:
    """Plot the times of each kind of request, from the checks that have them."""
    kinds = [row for check in verdict.checks for row in drawn(check) if timed(row)]
    if not kinds:
        return []
    from gatehouse.report.plots import latency

    return [partial(latency.chart, found=row) for row in kinds]


def drawn(check: Check) -> list[Row]:
    """Return the distributions of times in a check's details."""
    rows = check.details.get("latency")
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, (list, tuple)) else []


def timed(row: Row) -> bool:
    """Tell whether a distribution has a number at every level, whosever it is."""
    numbers = [row[key] for key in ("levels", "candidate", "champion") if key in row]
    if len(numbers) < 2 or not all(isinstance(one, (list, tuple)) and one for one in numbers):
        return False
    alike = len({len(one) for one in numbers}) == 1
    return alike and all(isinstance(item, (int, float)) and math.isfinite(item) for one in numbers for item in one)


def timeline(verdict: Verdict) -> Draw | None:
    """Plot a rollout's weight, errors and latency over time."""
    points = [point for point in listed(verdict, "timeline") if point.get("t") is not None]
    if not points:
        return None
    from gatehouse.report.plots import timeline

    return lambda name: timeline.chart(name, points, verdict.details.get("limits") or {})


def drift(verdict: Verdict) -> Draw | None:
    """Plot each feature's drift relative to the floor that counts as large."""
    rows = [row for row in listed(verdict, "drift") if row.get("effect") is not None and row.get("floor")]
    if not rows:
        return None
    from gatehouse.report.plots import drift

    return lambda name: drift.chart(name, rows)


def listed(verdict: Verdict, key: str) -> list[Row]:
    """Return the rows under a key in the details of the verdict, or else of the first check that has them."""
    for details in (verdict.details, *[check.details for check in verdict.checks]):
        rows = details.get(key)
        if isinstance(rows, Sequence) and not isinstance(rows, str):
            return [row for row in rows if isinstance(row, Mapping)]
    return []
