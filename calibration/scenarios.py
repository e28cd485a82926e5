"""Situations that can be simulated, and the rows of a table that are read off them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import stats

Sign = Literal["≤", "≥", "="]

# What one run brings: the number of times that each event came, or a number to be averaged.
Amounts = Mapping[str, float]


@dataclass(frozen=True)
class Scenario:
    """A situation: what one run of it brings, and how many runs settle its rows."""

    name: str
    once: Callable[[np.random.Generator], Amounts]
    runs: int


@dataclass(frozen=True)
class Goal:
    """What a share must keep to; `=` allows for no exception among the runs, and is for shares of 0 and 1."""

    sign: Sign
    share: float

    def met(self, share: "Share") -> bool:
        """Tell whether the 95 % bound of a simulated share meets the goal."""
        if self.sign == "=":
            return share.count == self.share * share.trials
        return share.high <= self.share if self.sign == "≤" else share.low >= self.share

    def missed(self, share: "Share") -> bool:
        """Tell whether the whole interval lies on the wrong side: so much can be told from a few runs."""
        if self.sign == "=":
            return not self.met(share)
        return share.low > self.share if self.sign == "≤" else share.high < self.share

    def __str__(self) -> str:
        """Write it as `≤ 7 %`; without a sign where it allows for no exception."""
        return f"{'' if self.sign == '=' else f'{self.sign} '}{100 * self.share:g} %"


@dataclass(frozen=True)
class Share:
    """How often an event came in how many trials, with the exact interval of 95 % (Clopper & Pearson 1934)."""

    count: int
    trials: int

    @property
    def value(self) -> float:
        """The simulated share."""
        return self.count / self.trials

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._interval[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._interval[1]

    @property
    def _interval(self) -> tuple[float, float]:
        found = stats.binomtest(self.count, self.trials).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Row:
    """One line of a table: an event of a scenario, its goal if it has one, and the same event by other rules.

    An event may come in each of a run's `trials`, as a week's in a year.
    """

    text: str
    scenario: str
    event: str
    goal: Goal | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    trials: int = 1


@dataclass(frozen=True)
class Total:
    """What the runs of one scenario brought together."""

    runs: int
    amounts: Amounts

    def share(self, event: str, trials: int = 1) -> Share:
        """Return how often an event came."""
        return Share(round(self.amounts[event]), self.runs * trials)

    def mean(self, name: str) -> float:
        """Return the mean of a number over the runs."""
        return self.amounts[name] / self.runs


# The totals of all scenarios, by their names.
Totals = Mapping[str, Total]


@dataclass(frozen=True)
class Grid:
    """A table of plain text without goals, its first row the header."""

    title: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Table:
    """What the reader must know of the simulated world, the scenarios, the rows read off them, and further figures."""

    title: str
    world: str
    scenarios: tuple[Scenario, ...]
    rows: tuple[Row, ...]
    grid: Callable[[Totals], Grid] | None = None
