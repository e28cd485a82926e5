"""The checks of a verdict as tables, in the order in which they are read: metrics, slices, gaps, and all others."""

from collections.abc import Sequence

from gatehouse.report import gap_table, metric_table, slice_table, tables
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check, Verdict

HEADER = ("observed", "limit", "interval", "n")


def found(verdict: Verdict) -> list[Table]:
    """Return the tables of the checks; what would only say the verdict's own sentence again is left out."""
    checks = tables.worst_first(verdict)
    metrics = [check for check in checks if metric_table.fits(check)]
    slices = [check for check in checks if slice_table.fits(check)]
    counts = [check for check in checks if slices and slice_table.sums_up(check)]
    gaps = [check for check in checks if gap_table.about(check)]
    others = [check for check in checks if check not in (*metrics, *slices, *counts, *gaps)]
    made = [metric_table.make(metrics, verdict.why), slice_table.make(slices, counts, verdict.why)]
    made.append(gap_table.make(gaps, verdict.why))
    if len(checks) > 1 or numbered(others):
        made.append(plain(others, "Other checks" if metrics or slices or gaps else "", verdict.why))
    return [table for table in made if table.rows]


def plain(checks: Sequence[Check], title: str, said: str) -> Table:
    """Return one row a check, with its sentence; columns in which no check has a number are left out."""
    kept = numbered(checks)
    rows = [(tables.name_of(check), *(tables.numbers_of(check)[place] for place in kept)) for check in checks]
    whys = ["" if check.why == said else check.why for check in checks]
    header = ("check", *(HEADER[place] for place in kept))
    return tables.judged(title, header, (False, *[True] * len(kept)), rows, checks, whys)


def numbered(checks: Sequence[Check]) -> list[int]:
    """Return the columns in which some check has a number."""
    rows = [(check.observed, check.limit, check.interval, check.n) for check in checks]
    return [place for place in range(len(HEADER)) if any(row[place] is not None for row in rows)]
