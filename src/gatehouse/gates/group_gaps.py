"""Gaps: how far a number lies apart between groups, and whether it does so by more than it did for another model.

A gap is the largest number less the smallest one. It is at least as large as the difference of any pair of groups, so
the largest of the pairs' lower bounds bounds it from below, where the bounds of all pairs hold together. The bound of
a pair, or of two models' pairs, comes from the intervals of the single numbers (MOVER: Newcombe 1998, Statistics in
Medicine 17, 873-890 and 2635-2650; Zou & Donner 2008, Statistics in Medicine 27, 1693-1702).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

AT_ONCE = 64  # pairs that are compared with all others at a time


@dataclass(frozen=True)
class Numbers:
    """One model's number in each of m groups, and the ends of its interval; each of shape (m,)."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def down(self) -> np.ndarray:
        """How far the truth may lie below the value."""
        return np.asarray(self.value - self.low)

    @property
    def up(self) -> np.ndarray:
        """How far the truth may lie above the value."""
        return np.asarray(self.high - self.value)


@dataclass(frozen=True)
class Pairs:
    """Pairs of groups, each with the places of both among the numbers, shape (p,)."""

    first: np.ndarray
    other: np.ndarray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    def apart(self, values: np.ndarray) -> np.ndarray:
        """Return by how much the first of each pair is above the other, shape (p,)."""
        return np.asarray(values[self.first] - values[self.other])

    def take(self, rows: np.ndarray) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.first[rows], self.other[rows])


@dataclass(frozen=True)
class Gap:
    """A gap, or the growth of one, with its bounds; each bound holds with the level that the numbers were given."""

    value: float
    low: float
    high: float


def shares(events: np.ndarray, n: np.ndarray, level: float) -> Numbers:
    """Return shares with bounds that each fail with the probability `level` (Wilson 1927); all of shape (m,)."""
    z2 = stats.norm.isf(level) ** 2
    p = events / n
    middle, reach = (p + z2 / (2 * n)) / (1 + z2 / n), np.sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return Numbers(p, np.minimum(middle - reach, p), np.maximum(middle + reach, p))


def means(mean: np.ndarray, variance: np.ndarray, n: np.ndarray, level: float) -> Numbers:
    """Return means with bounds that each fail with the probability `level` (Student's t); all of shape (m,)."""
    reach = stats.t.isf(level, n - 1) * np.sqrt(variance / n)
    return Numbers(mean, mean - reach, mean + reach)


def joined(parts: Sequence[Numbers]) -> Numbers:
    """Return several blocks of groups as one."""
    return Numbers(*(np.concatenate([getattr(part, end) for part in parts]) for end in ("value", "low", "high")))


def phi(cells: np.ndarray) -> np.ndarray:
    """Return the correlation of two models' answers, shape (m,), from counts of shape (m, 2, 2).

    With Newcombe's correction for continuity (1998, method 10), which keeps models that agree on every row from being
    compared without any error; 0 where one of them always gives the same answer.
    """
    both = cells[:, 1, 1] * cells[:, 0, 0] - cells[:, 0, 1] * cells[:, 1, 0]
    corrected = np.where(both > 0, np.maximum(both - cells.sum(axis=(1, 2)) / 2, 0), both)
    margins = np.prod(np.concatenate([cells.sum(axis=1), cells.sum(axis=2)], axis=1).astype(float), axis=1)
    return np.asarray(np.divide(corrected, np.sqrt(margins), out=np.zeros(len(cells)), where=margins > 0))


def pairs(sizes: Sequence[int]) -> Pairs:
    """Return every ordered pair within blocks of so many groups."""
    blocks = np.repeat(np.arange(len(sizes)), sizes)
    return Pairs(*np.nonzero((blocks[:, None] == blocks[None, :]) & ~np.eye(len(blocks), dtype=bool)))


def gap(numbers: Numbers, ordered: Pairs) -> Gap:
    """Return the largest difference among the pairs, with bounds."""
    apart, first, other = ordered.apart(numbers.value), ordered.first, ordered.other
    low = apart - np.hypot(numbers.down[first], numbers.up[other])
    high = apart + np.hypot(numbers.up[first], numbers.down[other])
    return Gap(float(apart.max()), max(0.0, float(low.max())), float(high.max()))


def growth(old: Numbers, new: Numbers, correlation: np.ndarray, ordered: Pairs) -> Gap:
    """Return by how much the gap grew from one model to another on the same rows, with bounds.

    `correlation`, shape (m,), is that of the two models' answers in each group.
    """
    value = ordered.apart(new.value).max() - ordered.apart(old.value).max()
    low = _growth_at_least(old, new, correlation, ordered)
    return Gap(float(value), low, -_growth_at_least(new, old, correlation, ordered))


def _growth_at_least(old: Numbers, new: Numbers, correlation: np.ndarray, ordered: Pairs) -> float:
    """Bound the growth from below: some new pair must be further apart than every old one.

    For a given new pair each of the old ones must be ruled out, which takes no correction for their number (Berger
    1982, intersection-union); the new pair may be any, so the bounds of all of them must hold together.
    """
    before = ordered.apart(old.value)
    widest = np.argsort(-before - np.hypot(old.up[ordered.first], old.down[ordered.other]))
    # Against a few wide pairs no bound comes out too low: what is not above the best one here need not be looked at.
    ceilings = _bounds(old, new, correlation, ordered, ordered.take(widest[:AT_ONCE])).min(axis=1)
    best = -np.inf
    for rows in np.split(np.argsort(-ceilings), range(AT_ONCE, len(ceilings), AT_ONCE)):
        if ceilings[rows[0]] <= best:
            break
        best = max(best, float(_bounds(old, new, correlation, ordered.take(rows), ordered).min(axis=1).max()))
    return best


def _bounds(old: Numbers, new: Numbers, correlation: np.ndarray, now: Pairs, before: Pairs) -> np.ndarray:
    """Return by how much each of the pairs is further apart now than each was before, at least; shape (p, q)."""
    a, b, i, j = now.first[:, None], now.other[:, None], before.first, before.other
    shared = correlation[a] * new.down[a] * ((a == i) * old.up[i] - (a == j) * old.down[j])
    shared -= correlation[b] * new.up[b] * ((b == i) * old.up[i] - (b == j) * old.down[j])
    squares = new.down[a] ** 2 + new.up[b] ** 2 + old.up[i] ** 2 + old.down[j] ** 2 - 2 * shared
    apart = now.apart(new.value)[:, None] - before.apart(old.value)
    return np.asarray(apart - np.sqrt(np.maximum(squares, 0)))
