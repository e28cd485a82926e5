"""The reference's distribution of a number, exact on a grid small enough to travel inside a bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# Between two points of the grid lies at most a thousandth of the rows: far below what a test here resolves.
GRID = 1000


@dataclass(frozen=True)
class Ecdf:
    """Values in rising order, shape (g,), with how many of the `n` reference values are up to and below each one."""

    values: np.ndarray
    upto: np.ndarray
    below: np.ndarray

    @property
    def n(self) -> int:
        """The number of reference values."""
        return int(self.upto[-1])

    def quantiles(self, shares: np.ndarray) -> np.ndarray:
        """Return the smallest values with at least these shares of the rows up to them, shape of `shares`."""
        ranks = np.clip(np.ceil(shares * self.n), 1, self.n)
        found: np.ndarray = self.values[np.searchsorted(self.upto, ranks)]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {name: getattr(self, name).tolist() for name in ("values", "upto", "below")}


def of(values: np.ndarray) -> Ecdf:
    """Return the distribution of finite `values`, shape (n,), n > 0: each distinct one, or 1,000 at even ranks."""
    distinct, counts = np.unique(values, return_counts=True)
    upto = counts.cumsum()
    kept = np.unique(np.searchsorted(upto, np.linspace(1, len(values), GRID)))
    kept = kept if len(distinct) > GRID else np.arange(len(distinct))
    return Ecdf(distinct[kept], upto[kept], (upto - counts)[kept])


def from_dict(document: Mapping[str, Any]) -> Ecdf:
    """Read back what `Ecdf.to_dict` wrote. Raises KeyError, TypeError or ValueError when it did not."""
    values = np.array(document["values"], dtype=float)
    upto, below = np.array(document["upto"], dtype=int), np.array(document["below"], dtype=int)
    if not len(values) or values.shape != upto.shape or values.shape != below.shape:
        raise ValueError(f"{len(values)} values with {len(upto)} and {len(below)} counts are no distribution")
    return Ecdf(values, upto, below)


def sample_quantiles(ordered: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the same quantiles of a sample in rising order, shape of `shares`."""
    ranks = np.clip(np.ceil(shares * len(ordered)), 1, len(ordered)).astype(int)
    found: np.ndarray = ordered[ranks - 1]
    return found
