"""Group rates: what fairness compares between groups, counted once for both models.

The definitions are those of fairlearn (Hardt, Price & Srebro 2016): demographic parity compares the share that is
called positive, equal opportunity the share of the positives that is found, equalised odds that and the share of the
negatives that is called positive. Several classes are compared one by one, each against the rest, and the worst
counts. A regression calls nobody positive: there the mean error is compared, which says who is over- or underrated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates import group_gaps
from gatehouse.gates.group_gaps import Numbers
from gatehouse.gates.levels import Levels
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

RECALL, ALARMS = "recall", "false-alarm rate"

# Of the champion and of the candidate, with the correlation of the two in each group.
Both = tuple[Numbers, Numbers, np.ndarray]


@dataclass(frozen=True)
class Share:
    """A share: `cells`, shape (k, 2, 2), counts rows by what the champion said and what the candidate did."""

    kind: str
    name: str
    cells: np.ndarray

    @property
    def n(self) -> np.ndarray:
        """The rows of each group that the share is taken of."""
        return np.asarray(self.cells.sum(axis=(1, 2)))

    @property
    def candidate(self) -> np.ndarray:
        """The candidate's share in each group."""
        return np.asarray(self.cells[:, :, 1].sum(axis=1) / np.maximum(self.n, 1))

    def of(self, kept: np.ndarray, level: float) -> Both:
        """Return the shares of some groups, with bounds that each fail with the probability `level`."""
        cells, n = self.cells[kept], self.n[kept]
        old, new = cells[:, 1].sum(axis=1), cells[:, :, 1].sum(axis=1)
        return group_gaps.shares(old, n, level), group_gaps.shares(new, n, level), group_gaps.phi(cells)


@dataclass(frozen=True)
class Mean:
    """A mean error: for each of k groups the rows, both models' means and variances, and their correlation."""

    kind: str
    name: str
    n: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    correlation: np.ndarray

    @property
    def candidate(self) -> np.ndarray:
        """The candidate's mean error in each group."""
        return np.asarray(self.means[1])

    def of(self, kept: np.ndarray, level: float) -> Both:
        """Return the means of some groups, with bounds that each fail with the probability `level`."""
        old, new = (
            group_gaps.means(mean[kept], variance[kept], self.n[kept], level)
            for mean, variance in zip(self.means, self.variances, strict=True)
        )
        return old, new, self.correlation[kept]


# Either has a name, and a kind that several classes share; the rows `n` behind the number of each group, the
# `candidate`'s numbers, and `of` both models'.
Rate = Share | Mean


def of(groups: Levels, truth: Truth, champion: Predictions, candidate: Predictions) -> dict[str, list[Rate]]:
    """Return the rates that each measure compares between groups, by the measure's name in the settings."""
    if truth.task == "regression":
        return {"mean_error": [_mean(groups, truth, (champion, candidate))]}
    binary = truth.positive is not None
    classes = np.flatnonzero(truth.levels == truth.positive) if binary else np.arange(len(truth.levels))
    said = [truth.said(model) for model in (champion, candidate)]
    called: list[Rate] = []
    found: list[Rate] = []
    wrong: list[Rate] = []
    for place in classes.tolist():
        cells = _cells(groups, truth.codes == place, said[0] == place, said[1] == place)
        label = truth.levels[place]
        name = "share called positive" if binary else f"share called {label}"
        called.append(Share("share called", name, cells.sum(axis=1)))
        found.append(Share(RECALL, RECALL if binary else f"{RECALL} of {label}", cells[:, 1]))
        wrong.append(Share(ALARMS, ALARMS if binary else f"{ALARMS} of {label}", cells[:, 0]))
    return {"demographic_parity": called, "equal_opportunity": found, "equalised_odds": found + wrong}


def _cells(groups: Levels, truly: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Count rows by group, truth, champion and candidate, shape (k, 2, 2, 2)."""
    codes = ((groups.codes * 2 + truly) * 2 + old) * 2 + new
    return np.bincount(codes, minlength=8 * len(groups.names)).reshape(-1, 2, 2, 2)


def _mean(groups: Levels, truth: Truth, models: Sequence[Predictions]) -> Mean:
    """Average the errors in each group, in units of the labels' standard deviation."""
    spread = float(truth.y.std())
    if not 0 < spread < np.inf:
        raise EvidenceError(f"The labels have a standard deviation of {spread:g}, so no error is large or small.")
    errors = np.array([(model.values - truth.y) / spread for model in models])
    n = np.bincount(groups.codes, minlength=len(groups.names))
    means = np.array([np.bincount(groups.codes, error) / n for error in errors])
    apart = errors - means[:, groups.codes]
    squares = np.array([np.bincount(groups.codes, one * other) for one in apart for other in apart])
    scale = np.sqrt(squares[0] * squares[3])
    correlation = np.divide(squares[1], scale, out=np.zeros(len(n)), where=scale > 0)
    return Mean("mean error", "mean error", n, means, squares[[0, 3]] / np.maximum(n - 1, 1), correlation)
