"""Metrics of predicted probabilities: what they lose on each row, and how they order the rows."""

import numpy as np
from scipy import stats

from gatehouse.gates import score
from gatehouse.gates.score import Score
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

SMALLEST = float(np.finfo(float).eps)


def log_loss(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean of -log(probability of the true class); a class that the model does not know has 0."""
    return score.mean(-np.log(np.clip(of_true_class(truth, predictions), SMALLEST, 1.0)))


def brier(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean squared difference between the positive's probability and what came.

    With several classes, the squared differences are added up over the classes, so that it lies between 0 and 2; both
    are what scikit-learn's `brier_score_loss` gives. A class that the model does not know has the probability 0.
    """
    if truth.task == "binary":
        return score.mean(np.square(predictions.score_of(str(truth.positive)) - truth.ups))
    # Σ(p - o)² = Σp² - 2p + 1, with the p of the class that came.
    squares = np.square(predictions.scores).sum(axis=1)
    return score.mean(squares - 2 * of_true_class(truth, predictions) + 1)


def of_true_class(truth: Truth, predictions: Predictions) -> np.ndarray:
    """Return the probability that was given to what came, shape (n,); 0 for a class that the model does not know."""
    place = {label: number for number, label in enumerate(predictions.classes)}
    column = np.array([place.get(level, -1) for level in truth.levels.tolist()])[truth.codes]
    return np.where(column < 0, 0.0, predictions.scores[np.arange(len(truth)), column])


def auc(truth: Truth, predictions: Predictions) -> Score:
    """Return the area under the ROC curve (DeLong et al. 1988)."""
    return area(truth.ups, predictions.score_of(str(truth.positive)))


def auc_ovr(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean over the classes of the area under the ROC curve of one class against the others.

    A class that the model does not know has the same score everywhere, and an area of one half.
    """
    none = np.zeros(len(truth))
    areas = [
        area(truth.codes == code, predictions.score_of(level) if level in predictions.classes else none)
        for code, level in enumerate(truth.levels.tolist())
    ]
    return Score(float(np.mean([area.value for area in areas])), np.mean([area.influence for area in areas], axis=0))


def average_precision(truth: Truth, predictions: Predictions) -> Score:
    """Return the area under the precision-recall curve, as the sum of precision over the steps of recall."""
    ranked = predictions.score_of(str(truth.positive))
    order = np.argsort(-ranked, kind="stable")
    found = np.cumsum(truth.ups[order])
    last_of_ties = np.append(np.diff(ranked[order]) != 0, True)
    found, called = found[last_of_ties], np.flatnonzero(last_of_ties) + 1
    value = np.sum(np.diff(found, prepend=0) * found / called) / found[-1] if found[-1] else np.nan
    return Score(float(value), np.empty(0))


def area(ups: np.ndarray, ranked: np.ndarray) -> Score:
    """Return the area under the ROC curve of `ranked` for the booleans `ups`, both of shape (n,).

    Its influence is made of DeLong's structural components, from midranks (Sun & Xu 2014). Each side is scaled by its
    own n-1, as DeLong's variance is.
    """
    n, positives = len(ups), int(ups.sum())
    negatives = n - positives
    overall, within = stats.rankdata(ranked), np.empty(n)
    within[ups], within[~ups] = stats.rankdata(ranked[ups]), stats.rankdata(ranked[~ups])
    beaten = np.where(ups, (overall - within) / negatives, 1 - (overall - within) / positives)
    value = float(beaten[ups].mean())
    scales = [n / np.sqrt(side * max(side - 1, 1)) for side in (positives, negatives)]
    return Score(value, (beaten - value) * np.where(ups, *scales))
