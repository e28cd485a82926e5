"""What a simulation found, as values: read by the console, the page and the JSON file alike."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from calibration.scenarios import Grid, Row, Share, Table, Totals


@dataclass(frozen=True)
class Line:
    """One row with what was found; `met` is None where there is no goal."""

    row: Row
    share: Share
    others: Mapping[str, Share]
    met: bool | None


@dataclass(frozen=True)
class Found:
    """One table with what was found, and how long it took in seconds."""

    table: Table
    lines: tuple[Line, ...]
    grid: Grid | None
    seconds: float

    @property
    def met(self) -> bool:
        """Tell whether every row with a goal keeps to it."""
        return all(line.met is not False for line in self.lines)


def of(table: Table, totals: Totals, seconds: float) -> Found:
    """Read the rows of a table off the totals of its scenarios."""
    lines = tuple(line(row, totals) for row in table.rows)
    return Found(table, lines, table.grid(totals) if table.grid else None, seconds)


def line(row: Row, totals: Totals) -> Line:
    """Read one row off the totals."""
    total = totals[row.scenario]
    share = total.share(row.event, row.trials)
    others = {name: total.share(event, row.trials) for name, event in row.others.items()}
    return Line(row, share, others, row.goal.met(share) if row.goal else None)


def to_dict(found: Found) -> dict[str, Any]:
    """Return JSON-ready values."""
    return {
        "title": found.table.title,
        "met": found.met,
        "seconds": round(found.seconds, 1),
        "rows": [
            {
                "text": line.row.text,
                "goal": str(line.row.goal) if line.row.goal else None,
                "met": line.met,
                "this rule": numbers(line.share),
                "others": {name: numbers(share) for name, share in line.others.items()},
            }
            for line in found.lines
        ],
        "grid": asdict(found.grid) if found.grid else None,
    }


def numbers(share: Share) -> dict[str, float]:
    """Return a share with its interval as JSON-ready values."""
    return {
        "count": share.count,
        "trials": share.trials,
        "share": share.value,
        "low": share.low,
        "high": share.high,
    }
