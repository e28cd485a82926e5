"""Slices: a loss on one group of rows that the average hides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates import evidence, levels, losses
from gatehouse.gates.levels import Cuts, Levels
from gatehouse.gates.losses import Loss
from gatehouse.gates.truth import Truth
from gatehouse.knobs import Count, Looser, Share, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import SEVERITY, Check, Decision

SECTION = "slices"
ERROR = "mean absolute error"
MOST_NAMED = 5

# Champion and candidate.
Models = tuple[Predictions, Predictions]


@knobs
class Knobs(Cuts):
    """Each slice is judged by itself: a drop larger than `drop` and significant at `alpha` after Holm rejects.

    A drop is one of recall, of the share of negatives left alone, of a class's recall, or of accuracy; for a
    regression it is the growth of the mean absolute error, as a share of the champion's.
    """

    drop: Annotated[Share, Looser("higher")] = 0.05
    alpha: Annotated[Share, Looser("lower")] = 0.05
    minimum: Annotated[Count, Looser("lower")] = 30


@dataclass(frozen=True)
class Slice:
    """The rows of one level: how many, how many of them count towards `minimum`, and what was lost on them."""

    column: str
    level: str
    title: str
    n: int
    judging: int
    losses: Sequence[Loss]


def judge(
    slices: Mapping[str, Levels | np.ndarray],
    truth: Truth,
    champion: Predictions,
    candidate: Predictions,
    knobs: Knobs,
) -> list[Check]:
    """Compare two models on every level of every cut: first a summary, then the slices, from the worst on.

    `slices` maps a column to its levels, or to values of shape (n,). Binary: the positives and the negatives apart,
    exact McNemar; multiclass: each class apart, and all right answers; regression: paired t of the absolute error.
    Too few positives (or rows) are listed as not judged, unless even they prove a loss; where no slice can be judged,
    the summary holds. Evidence that allows no judgement gives a check that says `error`; a column with too many
    levels raises ConfigError.
    """
    if not slices:
        return []
    try:
        evidence.require(truth, champion, "The champion")
        evidence.require(truth, candidate, "The candidate")
        cuts = [_leveled(column, values, len(truth)) for column, values in slices.items()]
    except EvidenceError as error:
        return [Check(SECTION, Decision.ERROR, str(error))]
    with np.errstate(over="ignore", invalid="ignore"):  # too large to average: the check then says `error`
        measure = _of_numbers if truth.task == "regression" else _of_classes
        found = measure(cuts, truth, (champion, candidate))
    checks = sorted(_judged(found, knobs), key=_badness)
    return [_summary(checks, len(truth), knobs), *checks]


def _leveled(column: str, values: Levels | np.ndarray, n: int) -> Levels:
    found = values if isinstance(values, Levels) else levels.of(column, values, SECTION)
    if len(found.codes) != n:
        raise EvidenceError(f"The slice column '{column}' has {len(found.codes)} values, and the holdout {n} rows.")
    return found


def _of_classes(cuts: Sequence[Levels], truth: Truth, models: Models) -> list[Slice]:
    """Count, slice by slice and class by class, where each model was right; texts are compared once, not per slice."""
    binary = truth.positive is not None
    measures = ["accuracy", *(f"recall of {label}" for label in truth.levels)]
    kinds, width = truth.codes, len(truth.levels)
    if binary:
        measures, kinds, width = ["recall", "share of negatives left alone"], (~truth.ups).astype(int), 2
    old, new = (truth.said(model) == truth.codes for model in models)
    cell = (kinds * 2 + old) * 2 + new
    found = []
    for cut in cuts:
        counts = np.bincount(cut.codes * (4 * width) + cell, minlength=4 * width * len(cut.names))
        cells = counts.reshape(-1, width, 2, 2)
        n = cells.sum(axis=(1, 2, 3))
        if not binary:
            cells = np.concatenate([cells.sum(axis=1, keepdims=True), cells], axis=1)
        judging = cells[:, 0].sum(axis=(1, 2))
        tests = [[loss for loss in row if loss.n] for row in losses.of_cells(measures, cells)]
        found += _slices(cut, n, judging, tests)
    return found


def _of_numbers(cuts: Sequence[Levels], truth: Truth, models: Models) -> list[Slice]:
    """Compare the absolute errors slice by slice, each a run of rows that were brought into the order of the levels."""
    old, new = (np.abs(model.values - truth.y) for model in models)
    found = []
    for cut in cuts:
        n = np.bincount(cut.codes, minlength=len(cut.names))
        order = np.argsort(cut.codes.astype(np.int16), kind="stable")  # numpy sorts short integers in linear time
        runs = np.split(order, np.cumsum(n)[:-1])
        found += _slices(cut, n, n, [[losses.of_errors(ERROR, old[run], new[run])] for run in runs])
    return found


def _slices(cut: Levels, n: np.ndarray, judging: np.ndarray, tests: Sequence[Sequence[Loss]]) -> list[Slice]:
    parts = zip(cut.names, cut.titles, n.tolist(), judging.tolist(), tests, strict=True)
    return [Slice(cut.column, name, title, rows, few, test) for name, title, rows, few, test in parts]


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
    enough = [(loss, p) for loss, p in pairs if loss.n >= knobs.minimum]
    worst, p = max(proven or enough or pairs, key=lambda pair: pair[0].drop)
    rows = f"{worst.n:,} rows" if worst.n == part.n else f"{worst.n:,} of the {part.n:,} rows"
    seen = f"{moved(worst)} on {rows} of {part.title}"
    if proven:
        decision = Decision.REJECT
        why = f"{seen}: a drop of {worst.drop:.4g}, above {knobs.drop:g} and proven (p {p:.2g})."
    elif part.judging < knobs.minimum:
        what = "rows" if part.judging == part.n else "positives"
        decision = Decision.HOLD
        why = f"Not judged: {part.title} has {part.judging} {what}, and {knobs.minimum} are needed."
    else:
        decision = Decision.PROMOTE
        why = f"{seen}: no drop above {knobs.drop:g} is proven (p {p:.2g}).{_open(part, knobs)}"
    return Check(
        f"slice {part.title}",
        decision,
        why,
        observed=worst.drop,
        limit=knobs.drop,
        n=part.n,
        advisory=decision == Decision.HOLD,
        details=_details(part, pairs, worst),
    )


def moved(loss: Loss) -> str:
    """Say from where to where a measure went."""
    return f"{loss.measure} went from {loss.champion:.4g} to {loss.candidate:.4g}"


def _open(part: Slice, knobs: Knobs) -> str:
    """Name the measures of a judged slice that have too few rows of their own."""
    few = [loss.measure for loss in part.losses if loss.n < knobs.minimum]
    more = f" and {len(few) - MOST_NAMED} more" if len(few) > MOST_NAMED else ""
    named = f"{', '.join(few[:MOST_NAMED])}{more}"
    return f" Not judged, for fewer than {knobs.minimum} rows: {named}." if few else ""


def _details(part: Slice, pairs: Sequence[tuple[Loss, float]], worst: Loss) -> dict[str, Any]:
    return {
        "slice": part.title,
        "column": part.column,
        "level": part.level,
        "n": part.n,
        "judging": part.judging,
        "measure": worst.measure,
        "champion": worst.champion,
        "candidate": worst.candidate,
        "drop": worst.drop,
        "p_adjusted": next(p for loss, p in pairs if loss is worst),
        "seen": moved(worst),
        "tests": [{**vars(loss), "p_adjusted": p} for loss, p in pairs],
    }


def _badness(check: Check) -> tuple[bool, int, float]:
    """Sort what was refused first, then what was judged by its drop, and last what was not judged."""
    return check.advisory, -SEVERITY.index(check.decision), -float(check.details["drop"])


def _summary(checks: Sequence[Check], n: int, knobs: Knobs) -> Check:
    """Count the slices that were judged and those that were not, and name the worst; without any, hold."""
    judged = [check for check in checks if not check.advisory]
    refused = [check.details["slice"] for check in judged if check.decision == Decision.REJECT]
    few = len(checks) - len(judged)
    details = {"judged": len(judged), "refused": refused, "not_judged": few}
    counted = f"{len(judged)} of {len(checks)} slices were judged"
    if few:
        counted += f" ({few} had fewer than {knobs.minimum} {_unit(checks)})"
    if not judged:
        why = f"{counted}: name coarser slices in [slices], or bring more rows. A person may approve the candidate."
        return Check(SECTION, Decision.HOLD, why, limit=knobs.drop, n=n, details=details)
    worst = judged[0]
    decision = max((check.decision for check in judged), key=SEVERITY.index)
    lost = {
        Decision.PROMOTE: f"none is proven to lose more than {knobs.drop:g}",
        Decision.REJECT: f"{len(refused)} lost more than {knobs.drop:g}, proven",
        Decision.ERROR: "not all of them gave finite numbers",
    }[decision]
    why = f"{counted}, and {lost}. The worst is {worst.details['slice']}: {worst.details['seen']}."
    return Check(SECTION, decision, why, worst.observed, knobs.drop, n=n, details=details)


def _unit(checks: Sequence[Check]) -> str:
    """Return what `minimum` counts: rows, or the positives among them."""
    return "rows" if all(check.details["judging"] == check.details["n"] for check in checks) else "positives"
