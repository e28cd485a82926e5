"""Answers of models that were never trained: labels, and two models whose F1 differs by a known amount."""

import numpy as np

from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

YES, NO = "yes", "no"


def labels(truth: np.ndarray) -> np.ndarray:
    """Return labels of a boolean array."""
    return np.where(truth, YES, NO)


def truth(y: np.ndarray) -> Truth:
    """Return the truth of a binary task, of a multiclass one, or of a regression, as the labels say."""
    if y.dtype.kind == "f":
        return Truth(y, "regression")
    return Truth(y, "binary", YES) if {*y.tolist()} <= {YES, NO} else Truth(y, "multiclass")


def binary(said: np.ndarray, score: np.ndarray | None = None) -> Predictions:
    """Return a binary model's answers, with scores that fit the labels unless others are given."""
    score = np.where(said, 0.9, 0.1) if score is None else score
    return Predictions(labels(said), np.column_stack([1 - score, score]), (NO, YES))


def scored(score: np.ndarray) -> Predictions:
    """Return a binary model's answers, which say yes above one half."""
    return binary(score > 0.5, score)


def multiclass(said: np.ndarray, classes: tuple[str, ...], sure: float = 0.8) -> Predictions:
    """Return the answers of a model of several classes, each given with the probability `sure`."""
    others = (1 - sure) / (len(classes) - 1)
    return Predictions(said, np.where(said[:, None] == np.array(classes)[None, :], sure, others), classes)


def classified(
    random: np.random.Generator, n: int = 1500, shares: tuple[float, ...] = (0.6, 0.3, 0.1), right: float = 0.8
) -> tuple[np.ndarray, Predictions, Predictions]:
    """Return labels of the classes a, b, c …, and two models that are right on a share of the rows, on most together.

    Their probabilities follow the labels that they give, with some noise.
    """
    classes = np.array(list("abcdefghij")[: len(shares)])
    y = random.choice(classes, n, p=shares)
    luck, other = random.random(n), random.choice(classes, n)
    again = np.where(random.random(n) < 0.3, random.random(n), luck)
    models = []
    for drawn in (luck, again):
        scores = random.dirichlet(np.ones(len(classes)), n)
        scores[np.arange(n), np.searchsorted(classes, np.where(drawn < right, y, other))] += 1.0
        scores = np.round(scores / scores.sum(axis=1, keepdims=True), 3)
        scores /= scores.sum(axis=1, keepdims=True)
        models.append(Predictions(classes[scores.argmax(axis=1)], scores, tuple(classes.tolist())))
    return y, models[0], models[1]


def calibrated(
    random: np.random.Generator, n: int = 1500, positives: float = 0.1
) -> tuple[np.ndarray, Predictions, Predictions]:
    """Return labels, and two models whose scores are the true probabilities given what each of them sees."""
    truth, common, apart = random.random(n) < positives, random.normal(size=n), 2.2
    odds = np.log(positives / (1 - positives)) - apart**2 / 2
    seen = [apart * truth + 0.9**0.5 * common + 0.1**0.5 * random.normal(size=n) for _ in range(2)]
    first, second = (scored(1 / (1 + np.exp(-odds - apart * signal))) for signal in seen)
    return labels(truth), first, second


def numbers(values: np.ndarray) -> Predictions:
    """Return a regression's answers."""
    return Predictions(values, np.empty(0))


def pair(
    random: np.random.Generator, n: int = 2000, loss: float = 0.0, positives: float = 0.2, changed: float = 0.25
) -> tuple[np.ndarray, Predictions, Predictions]:
    """Return labels, a champion whose precision, recall and F1 are .75, and a candidate with `loss` less of each.

    The candidate decides a share `changed` of the rows anew, and the others as the champion does.
    """
    truth, luck = random.random(n) < positives, random.random(n)
    again = np.where(random.random(n) < changed, random.random(n), luck)

    def said(f1: float, luck: np.ndarray) -> np.ndarray:
        return np.where(truth, luck < f1, luck < positives * (1 - f1) / (1 - positives))

    return labels(truth), binary(said(0.75, luck)), binary(said(0.75 - loss, again))
