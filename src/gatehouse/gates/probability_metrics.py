"""Metrics of predicted probabilities: what they lose on each row, and how they order the rows."""

import numpy as np
from scipy import stats

from gatehouse.gates import score
from gatehouse.gates.score import Score
from gatehouse.predictions import Predictions

SMALLEST = float(np.finfo(float).eps)


def log_loss(y: np.ndarray, predictions: Predictions, _: str | None) -> Score:
    """Return the mean of -log(probability of the true class); a class that the model does not know has 0."""
    known = np.array(predictions.classes)
    chance = np.where(y[:, None] == known[None, :], predictions.scores, 0.0).sum(axis=1)
    return score.mean(-np.log(np.clip(chance, SMALLEST, 1.0)))


def brier(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return the mean squared difference between the positive's probability and what came."""
    return score.mean(np.square(predictions.score_of(str(positive)) - (y == positive)))


def auc(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return the area under the ROC curve with DeLong's structural components (DeLong et al. 1988).

    The components come from midranks (Sun & Xu 2014). Each side is scaled by its own n-1, as DeLong's variance is.
    """
    truth, ranked = y == positive, predictions.score_of(str(positive))
    n, ups = len(y), int(truth.sum())
    downs = n - ups
    overall, within = stats.rankdata(ranked), np.empty(n)
    within[truth], within[~truth] = stats.rankdata(ranked[truth]), stats.rankdata(ranked[~truth])
    beaten = np.where(truth, (overall - within) / downs, 1 - (overall - within) / ups)
    value = float(beaten[truth].mean())
    weight = np.where(truth, n / np.sqrt(ups * max(ups - 1, 1)), n / np.sqrt(downs * max(downs - 1, 1)))
    return Score(value, (beaten - value) * weight)


def average_precision(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return the area under the precision-recall curve, as the sum of precision over the steps of recall."""
    truth, ranked = y == positive, predictions.score_of(str(positive))
    order = np.argsort(-ranked, kind="stable")
    found = np.cumsum(truth[order])
    last_of_ties = np.append(np.diff(ranked[order]) != 0, True)
    found, called = found[last_of_ties], np.flatnonzero(last_of_ties) + 1
    value = np.sum(np.diff(found, prepend=0) * found / called) / found[-1] if found[-1] else np.nan
    return Score(float(value), np.empty(0))
