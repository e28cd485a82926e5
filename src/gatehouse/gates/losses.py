"""What a candidate lost against the champion on a set of rows, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Loss:
    """One measure on one set of rows: both models' values, the drop, and the one-sided p of "no loss".

    `drop` is above 0 when the candidate is worse; `reachable` is the smallest p that these rows could have given.
    """

    measure: str
    champion: float
    candidate: float
    drop: float
    p: float
    reachable: float
    n: int


def of_answers(measure: str, old: np.ndarray, new: np.ndarray) -> Loss:
    """Compare shares of right answers, boolean arrays of shape (n,), by the exact McNemar test (McNemar 1947)."""
    cells = np.bincount(2 * old.astype(int) + new, minlength=4).reshape(1, 1, 2, 2)
    return of_cells([measure], cells)[0][0]


def of_cells(measures: Sequence[str], cells: np.ndarray) -> list[list[Loss]]:
    """Compare shares of right answers in k slices by m measures, exact McNemar.

    `cells`, shape (k, m, 2, 2), counts the rows by whether the champion was right and whether the candidate was.
    """
    rows, lost, gained = cells.sum(axis=(2, 3)), cells[..., 1, 0], cells[..., 0, 1]
    before, after = cells[..., 1, :].sum(axis=2) / np.maximum(rows, 1), cells[..., 1].sum(axis=2) / np.maximum(rows, 1)
    p = stats.binom.sf(lost - 1, lost + gained, 0.5)
    parts = [before, after, before - after, np.where(lost > 0, p, 1.0), 0.5 ** (lost + gained), rows]
    columns = [part.tolist() for part in parts]
    return [
        [Loss(measure, *numbers) for measure, *numbers in zip(measures, *slices, strict=True)]
        for slices in zip(*columns, strict=True)
    ]


def of_errors(measure: str, old: np.ndarray, new: np.ndarray) -> Loss:
    """Compare mean errors, shape (n,), by the paired t test; the drop is relative to the champion's error."""
    before, after, n = float(old.mean()), float(new.mean()), len(old)
    worse = new - old
    largest = float(np.abs(worse).max())
    worse = worse / (largest or 1.0)  # so that huge errors can be squared
    spread = float(worse.std(ddof=1)) if n > 1 else 0.0
    if spread > 0:
        p = float(stats.t.sf(worse.mean() / spread * np.sqrt(n), n - 1))
    else:
        p = 0.0 if n > 1 and largest > 0 and after > before else 1.0
    drop = (after - before) / before if before > 0 else float(after > 0)
    return Loss(measure, before, after, drop, p, 0.0, n)


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values, shape (m,): any false rejection stays below the level (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
