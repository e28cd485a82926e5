"""Slices: a loss on one group of rows that the average hides."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd

from gatehouse.contract import Task, label_text
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import evidence, losses
from gatehouse.gates.losses import Loss
from gatehouse.gates.truth import Truth
from gatehouse.knobs import Count, Looser, Share, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

# More levels than a table shows, or than Holm's correction leaves any power for.
MOST_LEVELS = 300
ERROR = "mean absolute error"

# Champion and candidate.
Models = tuple[Predictions, Predictions]


@knobs
class Knobs:
    """`columns` are judged level by level: a drop larger than `drop` and significant at `alpha` after Holm rejects.

    A drop is one of recall, of the share of negatives left alone, or of accuracy; for a regression it is the growth
    of the mean absolute error, as a share of the champion's.
    """

    columns: Annotated[tuple[str, ...], Looser("fewer")] = ()
    drop: Annotated[Share, Looser("higher")] = 0.05
    alpha: Annotated[Share, Looser("lower")] = 0.05
    minimum: Annotated[Count, Looser("lower")] = 30


@dataclass(frozen=True)
class Slice:
    """The rows of one level: how many, how many of them count towards `minimum`, and what was lost on them."""

    column: str
    level: str
    n: int
    judging: int
    losses: Sequence[Loss]


def judge(
    slices: Mapping[str, np.ndarray],
    y: np.ndarray,
    positive: str | None,
    champion: Predictions,
    candidate: Predictions,
    task: Task,
    knobs: Knobs,
) -> list[Check]:
    """Compare two models on every level of every column; `slices` maps a column to its levels, shape (n,).

    Binary: the positives and the negatives apart, exact McNemar; multiclass: right answers; regression: paired t of
    the absolute error. Too few positives (or rows) are listed as not judged, unless even they prove a loss. Evidence
    that allows no judgement gives a check that says `error`; a column with too many levels raises ConfigError.
    """
    if not slices:
        return []
    try:
        truth = Truth(y, task, positive)
        evidence.require(truth, champion, "The champion")
        evidence.require(truth, candidate, "The candidate")
        with np.errstate(over="ignore", invalid="ignore"):  # too large to average: the check then says `error`
            models = champion, candidate
            cuts = [_cut(column, levels, y, task, positive, models) for column, levels in slices.items()]
    except EvidenceError as error:
        return [Check("slices", Decision.ERROR, str(error))]
    return _judged([part for cut in cuts for part in cut], knobs)


def _cut(
    column: str, values: np.ndarray, y: np.ndarray, task: Task, positive: str | None, models: Models
) -> list[Slice]:
    """Measure the losses on each level of one column."""
    if len(values) != len(y):
        raise EvidenceError(f"The slice column '{column}' has {len(values)} values, and the holdout {len(y)} rows.")
    gone = pd.isna(values)
    levels = np.array(["missing" if lost else label_text(value) for value, lost in zip(values, gone, strict=True)])
    distinct = np.unique(levels)
    if len(distinct) > MOST_LEVELS:
        raise ConfigError(
            f"[slices] columns names '{column}', which has {len(distinct):,} levels, and at most {MOST_LEVELS} can be "
            "judged. Name a column with fewer levels."
        )
    return [_measured(column, level, levels == level, y, task, positive, models) for level in distinct.tolist()]


def _measured(
    column: str, level: str, rows: np.ndarray, y: np.ndarray, task: Task, positive: str | None, models: Models
) -> Slice:
    truth, old, new = y[rows], models[0].values[rows], models[1].values[rows]
    n = len(truth)
    if task == "regression":
        return Slice(column, level, n, n, [losses.of_errors(ERROR, np.abs(old - truth), np.abs(new - truth))])
    before, after = old == truth, new == truth
    if task == "multiclass":
        return Slice(column, level, n, n, [losses.of_answers("accuracy", before, after)])
    ups = truth == positive
    found = [
        losses.of_answers("recall", before[ups], after[ups]),
        losses.of_answers("share of negatives left alone", before[~ups], after[~ups]),
    ]
    return Slice(column, level, n, int(ups.sum()), found)


def _judged(found: Sequence[Slice], knobs: Knobs) -> list[Check]:
    """Adjust the p-values of all slices together and make one check of each slice."""
    tests = [loss for part in found for loss in part.losses]
    # A test that no outcome could make significant is no chance of a false alarm (Tarone 1990): it is left out.
    possible = np.array([loss.reachable <= knobs.alpha for loss in tests])
    adjusted = np.ones(len(tests))
    adjusted[possible] = losses.holm(np.array([loss.p for loss in tests])[possible])
    numbers = iter(adjusted.tolist())
    return [_check(part, [next(numbers) for _ in part.losses], knobs) for part in found]


def _check(part: Slice, adjusted: Sequence[float], knobs: Knobs) -> Check:
    pairs = list(zip(part.losses, adjusted, strict=True))
    proven = [(loss, p) for loss, p in pairs if p <= knobs.alpha and loss.drop > knobs.drop]
    worst, p = max(proven or pairs, key=lambda pair: pair[0].drop)
    where = f"{part.column}={part.level}"
    seen = f"{worst.measure} went from {worst.champion:.4g} to {worst.candidate:.4g} on {worst.n:,} rows of {where}"
    if proven:
        decision, why = (
            Decision.REJECT,
            f"{seen}: a drop of {worst.drop:.4g}, above {knobs.drop:g} and proven (p {p:.2g}).",
        )
    elif part.judging < knobs.minimum:
        what = "rows" if part.judging == part.n else "positives"
        decision = Decision.HOLD
        why = f"Not judged: {where} has {part.judging} {what}, and {knobs.minimum} are needed."
    else:
        decision, why = Decision.PROMOTE, f"{seen}: no drop above {knobs.drop:g} is proven (p {p:.2g})."
    return Check(
        f"slice {where}",
        decision,
        why,
        observed=worst.drop,
        limit=knobs.drop,
        n=part.n,
        advisory=decision == Decision.HOLD,
        details=_details(part, adjusted, worst),
    )


def _details(part: Slice, adjusted: Sequence[float], worst: Loss) -> dict[str, Any]:
    tests = [{**asdict(loss), "p_adjusted": p} for loss, p in zip(part.losses, adjusted, strict=True)]
    return {
        "column": part.column,
        "level": part.level,
        "n": part.n,
        "judging": part.judging,
        "measure": worst.measure,
        "champion": worst.champion,
        "candidate": worst.candidate,
        "drop": worst.drop,
        "p_adjusted": adjusted[list(part.losses).index(worst)],
        "tests": tests,
    }
