"""Metrics of predicted numbers."""

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates import score
from gatehouse.gates.score import Score
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions


def mae(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean absolute error."""
    return score.mean(np.abs(predictions.values - truth.y))


def mse(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean squared error."""
    return score.mean(np.square(predictions.values - truth.y))


def rmse(truth: Truth, predictions: Predictions) -> Score:
    """Return the root of the mean squared error; the delta method divides its influence by twice the root."""
    squared = mse(truth, predictions)
    root = float(np.sqrt(squared.value))
    return Score(root, squared.influence / (2 * root) if root else squared.influence)


def r2(truth: Truth, predictions: Predictions) -> Score:
    """Return R² = 1 - E/V, with the delta method over the mean squared error E and the variance V.

    Raises EvidenceError when every `y` is the same: nothing is left to explain.
    """
    y = truth.y
    spread = score.mean(np.square(y - y.mean()))
    if spread.value == 0:
        raise EvidenceError(f"Every label of the {len(y)} rows is {y[0]:g}, so R² is not defined. Use mae or rmse.")
    error = mse(truth, predictions)
    influence = error.value / spread.value**2 * spread.influence - error.influence / spread.value
    return Score(1 - error.value / spread.value, influence)
