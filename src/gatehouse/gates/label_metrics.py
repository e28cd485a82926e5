"""Metrics of predicted labels: each is a smooth function of cell shares, so the delta method gives its error."""

import numpy as np

from gatehouse.gates.score import Score
from gatehouse.predictions import Predictions


def accuracy(y: np.ndarray, predictions: Predictions, _: str | None) -> Score:
    """Return the share of right labels; between two models the SE is √(b+c-(b-c)²/n)/n (McNemar 1947)."""
    right = (y == predictions.values).astype(float)
    return Score(float(right.mean()), right - right.mean(), jump=1.0)


def f1(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return F1 of the positive class, with g_TP = 2(FP+FN)/D² and g_FP = g_FN = -2TP/D², D = 2TP+FP+FN."""
    return f1_of(y == positive, predictions.values == positive)


def f1_of(truth: np.ndarray, said: np.ndarray) -> Score:
    """Return F1 of two boolean arrays, shape (n,), of which `truth` holds a True."""
    hit, wrong = truth & said, truth != said
    tp, missed = float(hit.mean()), float(wrong.mean())
    d = 2 * tp + missed
    influence = np.where(hit, 2 * missed / d**2, np.where(wrong, -2 * tp / d**2, 0.0))
    return Score(2 * tp / d, influence, jump=2 * (tp + missed) / d**2)


def f1_macro(y: np.ndarray, predictions: Predictions, _: str | None) -> Score:
    """Return the mean F1 over the classes that occur in `y`."""
    scores = [f1_of(y == label, predictions.values == label) for label in np.unique(y)]
    return Score(
        float(np.mean([score.value for score in scores])),
        np.mean([score.influence for score in scores], axis=0),
        jump=2
        * max(score.jump for score in scores)
        / len(scores),  # a wrong label is a miss of one and a find of another
    )


def recall(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return the share of the positives that are found."""
    return _share(predictions.values == positive, y == positive)


def precision(y: np.ndarray, predictions: Predictions, positive: str | None) -> Score:
    """Return the share of true positives among what is called positive; 0 when nothing is called so."""
    return _share(y == positive, predictions.values == positive)


def _share(event: np.ndarray, among: np.ndarray) -> Score:
    """Return P(event | among) as a ratio of two shares."""
    base = float(among.mean())
    if base == 0:
        return Score(0.0, np.zeros(len(event)), jump=1.0)
    value = float(event[among].mean())
    return Score(value, np.where(among, (event - value) / base, 0.0), jump=1 / base)
