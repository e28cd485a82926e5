"""How much one column tells of the label by itself: the AUC of the best order of its values.

A number is taken as it is, from small to large or the other way round, with the missing ones at either end. Numbers,
in bins, and categories are also ordered by the share of each class at their level, as it is on the *other* folds of
the rows: a column with a level for every row tells nothing then, while the share on the rows themselves would call it
perfect. For a regression the measure is Spearman's rank correlation, and the order that of the mean rank of the label.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from gatehouse import holdout
from gatehouse.contract import Column, Contract
from gatehouse.errors import EvidenceError
from gatehouse.gates import evidence, probability_metrics, score
from gatehouse.gates.truth import Truth

FOLDS = 5
# Of numbers: each holds 2 % of the rows, and a value that more rows have is a bin of its own.
BINS = 50
# Of rows, and of rows in a class: the value that one of ten rows happens to have is no evidence of anything.
FEWEST = 30


@dataclass(frozen=True)
class Target:
    """The labels of n rows as columns may tell them.

    `sides` has the shape (n, k): for each of the classes `names`, which rows are of it; of a binary task only the
    positive one. For a regression it is (n, 1), the ranks of the labels, and there are no names. `folds` has for every
    row the number of its fold, shape (n,), the same for rows of one group.
    """

    sides: np.ndarray
    names: tuple[str, ...]
    folds: np.ndarray

    @property
    def measure(self) -> str:
        """What a strength is."""
        return "AUC" if self.names else "rank correlation"


@dataclass(frozen=True)
class Strength:
    """What one column tells: `value` is .5 to 1 for an AUC, 0 to 1 for a correlation, of the class `side`.

    `order` has the rank that the column gives to every row, shape (n,), from little to much of that class.
    """

    column: str
    value: float
    side: int
    order: np.ndarray


def target(rows: pd.DataFrame, contract: Contract) -> Target:
    """Return the labels of `rows`; a class of fewer than 30 rows is left out.

    Raises EvidenceError when there are too few rows, or nothing to tell apart.
    """
    labels = contract.labels(rows)
    if len(labels) < FEWEST:
        raise EvidenceError(f"There are {len(labels)} labelled rows; at least {FEWEST} are needed to look for leaks.")
    key = contract.named("group") or contract.named("id")
    folds = (holdout.hashed(rows[key]) * FOLDS).astype(int) if key else np.arange(len(rows)) % FOLDS
    if contract.task == "regression":
        evidence.require_numbers(labels)
        if len(np.unique(labels)) < 2:
            raise EvidenceError(f"Every label of the {len(labels)} rows is {labels[0]:g}: there is nothing to tell.")
        return Target(stats.rankdata(labels)[:, None], (), folds)
    evidence.require_classes(Truth(labels, contract.task, contract.positive))
    names = np.array([contract.positive] if contract.positive is not None else np.unique(labels), dtype=str)
    sides = labels[:, None] == names[None, :]
    fewer = np.minimum(sides.sum(axis=0), (~sides).sum(axis=0))
    if fewer.max() < FEWEST:
        raise EvidenceError(
            f"Of {len(labels)} rows only {fewer.max()} tell two classes apart; at least {FEWEST} are needed."
        )
    return Target(sides[:, fewer >= FEWEST], tuple(map(str, names[fewer >= FEWEST])), folds)


def of(values: pd.Series, column: Column, target: Target) -> Strength:
    """Return the strength of one column: its best order, for the class that it tells most of."""
    best, side, order = 0.0, 0, np.zeros(len(values))
    for ranks, turns in orders(values, column, target):
        found = agreement(ranks, target)
        # Shares of other folds that point the wrong way are chance: a level has more of a class where it has more.
        sizes = np.abs(found) if turns else found
        if sizes.max() > best:
            best, side = float(sizes.max()), int(sizes.argmax())
            order = ranks[:, side] * np.sign(found[side])
    return Strength(column.name, (1 + best) / 2 if target.names else best, side, order)


def orders(values: pd.Series, column: Column, target: Target) -> Iterator[tuple[np.ndarray, bool]]:
    """Give the ranks of the rows in every order that is tried, shape (n, k), and whether it may be turned round."""
    if column.kind != "category":
        numbers = numbers_of(values, column)
        gaps = np.isnan(numbers)
        for end in (-np.inf, np.inf) if gaps.any() else (0.0,):
            ranks = stats.rankdata(np.where(gaps, end, numbers))
            yield np.broadcast_to(ranks[:, None], target.sides.shape), True
    yield by_rate(levels(values, column), target), False


def levels(values: pd.Series, column: Column) -> np.ndarray:
    """Return the number of every row's level, shape (n,); numbers fall into bins, and missing is a level of its own."""
    if column.kind == "category":
        return np.asarray(pd.factorize(values, use_na_sentinel=False)[0])
    numbers = numbers_of(values, column)
    known = np.unique(numbers[~np.isnan(numbers)])
    if len(known) > BINS:
        shares = np.linspace(0, 1, BINS + 1)[1:]
        known = np.unique(np.quantile(numbers[~np.isnan(numbers)], shares, method="inverted_cdf"))
    return np.where(np.isnan(numbers), len(known), np.searchsorted(known, numbers))


def numbers_of(values: pd.Series, column: Column) -> np.ndarray:
    """Return a column's values as floats, NaN where one is missing; a time is its place on the axis of time."""
    if column.kind != "time":
        return values.to_numpy(dtype=float)
    times = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True)
    return np.asarray(np.where(times.isna(), np.nan, times.astype("int64").to_numpy(dtype=float)))


def agreement(ranks: np.ndarray, target: Target) -> np.ndarray:
    """Return for every side how well the ranks, shape (n, k), order it: 2·AUC - 1, or Spearman's correlation."""
    n = len(ranks)
    if not target.names:
        return np.array([_correlation(ranks[:, 0], target.sides[:, 0])])
    ups = target.sides.sum(axis=0)
    total = np.einsum("nk,nk->k", ranks, target.sides)
    return np.asarray(2 * (total - ups * (ups + 1) / 2) / (ups * (n - ups)) - 1)


def by_rate(codes: np.ndarray, target: Target) -> np.ndarray:
    """Return the midranks of the rows by the mean of each side at their level on the other folds, shape (n, k)."""
    cells, cell, rows = np.unique(codes * FOLDS + target.folds, return_inverse=True, return_counts=True)
    level = cells // FOLDS
    elsewhere = np.bincount(level, weights=rows)[level] - rows
    made = np.empty(target.sides.shape)
    for number, side in enumerate(target.sides.T.astype(float)):
        own = np.bincount(cell, weights=side)
        # One row more, of the average, so that a level that the other folds lack is an ordinary one.
        rates = (np.bincount(level, weights=own)[level] - own + side.mean()) / (elsewhere + 1)
        _, place = np.unique(rates.round(12), return_inverse=True)
        tied = np.bincount(place, weights=rows)
        made[:, number] = (np.cumsum(tied) - (tied - 1) / 2)[place][cell]
    return made


def bounds(found: Strength, target: Target, confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bound of a strength, each at `confidence`.

    For an AUC by DeLong's variance (1988), and never less than the rule of three leaves open; for a correlation by
    Fisher's z with the standard error of ranks, 1.03/√(n-3) (Fieller, Hartley and Pearson 1957).
    """
    z = quantile(confidence)
    if not target.names:
        centre, margin = np.arctanh(min(found.value, 1 - 1e-12)), z * 1.03 / np.sqrt(len(found.order) - 3)
        return max(0.0, float(np.tanh(centre - margin))), float(np.tanh(centre + margin))
    margin = z * auc_error(target.sides[:, found.side], found.order)
    return max(0.0, found.value - margin), min(1.0, found.value + margin)


def quantile(confidence: float) -> float:
    """Return how many standard errors a one-sided bound lies away: 1.645 at 95 %."""
    return float(stats.norm.ppf(confidence))


def auc_error(truth: np.ndarray, values: np.ndarray) -> float:
    """Return the standard error of the AUC of `values` for the booleans `truth`, both of shape (n,).

    It is DeLong's, and never less than what the rule of three leaves open: one more row of the smaller class, in the
    wrong half, takes half its share.
    """
    n, fewer = len(truth), min(int(truth.sum()), int((~truth).sum()))
    return score.standard_error(probability_metrics.area(truth, values).influence, jump=0.5 * n / fewer)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    spread = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread else 0.0
