"""A few seeded runs of a scenario: enough to see a rate that has left its bound."""

from calibration.scenarios import Table, Total
from calibration.simulation import Task, work


def total(table: Table, scenario: str, runs: int) -> Total:
    """Run one scenario of a table."""
    found = next(item for item in table.scenarios if item.name == scenario)
    return Total(runs, work(Task(found, runs, (2026,))))
