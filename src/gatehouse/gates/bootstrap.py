"""The paired bootstrap: standard errors of whatever has no closed form."""

from collections.abc import Callable, Sequence

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates.score import Score
from gatehouse.predictions import Predictions

# From labels, predictions and the positive label to the metric.
Rule = Callable[[np.ndarray, Predictions, str | None], Score]


def replicate(
    rule: Rule, y: np.ndarray, positive: str | None, models: Sequence[Predictions], rounds: int, seed: int
) -> np.ndarray:
    """Return the metric of every model on `rounds` resamples of the same rows, shape (rounds, models).

    Resamples on which it is not defined are left out. Raises EvidenceError when those are more than one in ten.
    """
    random = np.random.default_rng(seed)
    draws = (random.integers(0, len(y), len(y)) for _ in range(rounds))
    table = np.array([[rule(y[rows], take(model, rows), positive).value for model in models] for rows in draws])
    usable: np.ndarray = table[np.isfinite(table).all(axis=1)]
    if len(usable) < max(2, 0.9 * rounds):
        raise EvidenceError(f"The metric is defined on only {len(usable)} of {rounds} resamples of {len(y)} rows.")
    return usable


def take(predictions: Predictions, rows: np.ndarray) -> Predictions:
    """Return the predictions for some of the rows, in the given order; `rows` holds indices or booleans."""
    scores = predictions.scores[rows] if predictions.classes else predictions.scores
    return Predictions(predictions.values[rows], scores, predictions.classes)
