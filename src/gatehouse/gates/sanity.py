"""Sanity: a model that answers every row, and beats a dummy that has seen no feature."""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics
from gatehouse.gates.interval import Confidence
from gatehouse.gates.truth import Truth
from gatehouse.knobs import Looser, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision


@knobs
class Knobs:
    """The confidence of the bound by which a model must beat the dummy."""

    confidence: Annotated[Confidence, Looser("lower")] = 0.95


def dummy_strategy(metric: str, truth: Truth) -> str:
    """Return the strategy of scikit-learn's dummy that is the fair opponent for a metric.

    For probabilities the prior is the hardest to beat; for labels it would be a constant, whose F1 is 0 and beaten by
    anything, so there the dummy guesses at the classes' rates. Raises ConfigError when the metric does not fit.
    """
    metrics.find(metric, truth.task, truth.own)
    if truth.task == "regression":
        return "median" if metric == "mae" else "mean"
    return "prior" if metric in ("log_loss", "brier") else "stratified"


def judge(
    truth: Truth,
    predictions: Predictions,
    dummy: Predictions,
    metric: str,
    knobs: Knobs,
) -> list[Check]:
    """Judge one model's answers for the rows of `truth`.

    What follows from broken answers is not judged: then the checks end with the one that rejects.
    """
    metrics.find(metric, truth.task, truth.own)
    checks: list[Check] = []
    steps: list[Callable[[], Check]] = [
        lambda: _complete(truth.y, predictions),
        lambda: _finite(predictions),
        lambda: _known(truth, predictions),
        lambda: _varied(predictions),
        lambda: _useful(truth, predictions, dummy, metric, knobs),
    ]
    for step in steps:
        checks.append(step())
        if checks[-1].decision != Decision.PROMOTE:
            break
    return checks


def _complete(y: np.ndarray, predictions: Predictions) -> Check:
    n, answers = len(y), len(predictions)
    if n == 0:
        return Check("answers every row", Decision.ERROR, "There are no rows to try the model on.")
    good = answers == n
    why = f"The model gave {answers:,} answers to {n:,} rows."
    return Check("answers every row", _decision(good), why, answers, n, n=n)


def _finite(predictions: Predictions) -> Check:
    numbers = predictions.scores if predictions.classes else predictions.values
    broken = int((~np.isfinite(numbers.astype(float))).reshape(len(numbers), -1).any(axis=1).sum())
    why = f"{broken:,} of {len(numbers):,} answers are NaN or infinite."
    return Check("answers are numbers", _decision(broken == 0), why, broken, 0, n=len(numbers))


def _known(truth: Truth, predictions: Predictions) -> Check:
    """Look for labels that the model does not know, and answers that no label has."""
    name, n = "answers known classes", len(truth)
    if truth.task == "regression":
        good = not predictions.classes
        return Check(name, _decision(good), f"The model answers {'numbers' if good else 'classes'}.", n=n)
    strange = sorted({*map(str, predictions.encoded[0])} - {*predictions.classes})
    unknown = sorted({*map(str, truth.levels)} - {*predictions.classes})
    why = f"The model knows the classes {', '.join(predictions.classes)}, and answers no other."
    if strange or unknown:
        why = f"The model knows the classes {', '.join(predictions.classes) or 'of no kind'}; "
        why += f"it answered {', '.join(strange)}." if strange else f"the labels also hold {', '.join(unknown[:5])}."
    return Check(name, _decision(not strange and not unknown), why, len(strange) + len(unknown), 0, n=n)


def _varied(predictions: Predictions) -> Check:
    numbers = predictions.scores if predictions.classes else predictions.values
    distinct = len(np.unique(numbers.astype(float), axis=0))
    why = f"The model gave {distinct:,} different answers to {len(numbers):,} rows."
    if distinct < 2:
        why = f"The model gave the same answer to all {len(numbers):,} rows: it does not look at them."
    return Check("answers differ", _decision(distinct > 1), why, distinct, 2, n=len(numbers))


def _useful(truth: Truth, predictions: Predictions, dummy: Predictions, metric: str, knobs: Knobs) -> Check:
    """Ask for an improvement over the dummy whose lower bound is above 0."""
    name = "beats a dummy"
    try:
        pair = metrics.compare(metric, truth, dummy, predictions)
    except EvidenceError as error:
        return Check(name, Decision.ERROR, str(error))
    low, high = pair.bounds(knobs.confidence)
    why = (
        f"{metric} is {pair.candidate:.4g}, and {pair.champion:.4g} for a dummy that sees no feature: an improvement "
        f"of {pair.delta:+.4g}, {'proven' if low > 0 else 'not proven'} on {pair.n:,} rows."
    )
    # The names that a comparison with the champion has, so that a report shows it in the same table.
    details = {"metric": metric, "against": "dummy", "champion": pair.champion, "candidate": pair.candidate}
    details |= {"delta": pair.delta, "low": low, "high": high, "limit": 0.0, "confidence": knobs.confidence}
    return Check(name, _decision(low > 0), why, pair.delta, 0.0, (low, high), pair.n, details=details)


def _decision(good: bool) -> Decision:
    return Decision.PROMOTE if good else Decision.REJECT
