"""Metrics of predicted labels: each is a smooth function of cell shares, so the delta method gives its error.

Every class has three shares: of rows that are of it and called so (hits), that are of it, and that are called so. A
row moves those of its own class and of the class that it was given, and nothing else: the influence of n rows of k
classes takes n + k steps. Averages run over the classes that occur in the truth, also where a model calls others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gatehouse.gates.score import Score
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions


@dataclass(frozen=True)
class Shares:
    """The shares of every class, each of shape (k,)."""

    hits: np.ndarray
    actual: np.ndarray
    called: np.ndarray


@dataclass(frozen=True)
class Slope:
    """A measure of every class, shape (k,), and its derivatives by the three shares."""

    value: np.ndarray
    by_hits: np.ndarray
    by_actual: np.ndarray
    by_called: np.ndarray


Measure = Callable[[Shares], Slope]


def of_f1(shares: Shares) -> Slope:
    """Return F1 = 2h/(a+c); a hit then pulls by 2(FP+FN)/D², and a miss or a false alarm by -2TP/D², D = 2TP+FP+FN."""
    both = shares.actual + shares.called
    falling = -2 * shares.hits / both**2
    return Slope(2 * shares.hits / both, 2 / both, falling, falling)


def of_recall(shares: Shares) -> Slope:
    """Return recall = h/a."""
    value = shares.hits / shares.actual
    return Slope(value, 1 / shares.actual, -value / shares.actual, np.zeros(len(value)))


def of_precision(shares: Shares) -> Slope:
    """Return precision = h/c; 0 for a class that nothing is called."""
    never = shares.called == 0
    called = np.where(never, 1.0, shares.called)
    value = shares.hits / called
    # Its first call may change everything: some doubt is left, as that of a class that always is called.
    return Slope(value, 1 / called, np.zeros(len(value)), np.where(never, 1.0, -value / called))


def accuracy(truth: Truth, predictions: Predictions) -> Score:
    """Return the share of right labels; between two models the SE is √(b+c-(b-c)²/n)/n (McNemar 1947)."""
    right = (truth.codes == truth.said(predictions)).astype(float)
    return Score(float(right.mean()), right - right.mean(), jump=1.0)


def f1(truth: Truth, predictions: Predictions) -> Score:
    """Return F1 of the positive class."""
    return _averaged(of_f1, truth, predictions, _positive(truth))


def recall(truth: Truth, predictions: Predictions) -> Score:
    """Return the share of the positives that are found."""
    return _averaged(of_recall, truth, predictions, _positive(truth))


def precision(truth: Truth, predictions: Predictions) -> Score:
    """Return the share of true positives among what is called positive; 0 when nothing is called so."""
    return _averaged(of_precision, truth, predictions, _positive(truth))


def balanced_accuracy(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean recall over the classes."""
    return _averaged(of_recall, truth, predictions, _evenly(truth))


def f1_macro(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean F1 over the classes."""
    return _averaged(of_f1, truth, predictions, _evenly(truth))


def precision_macro(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean precision over the classes."""
    return _averaged(of_precision, truth, predictions, _evenly(truth))


def f1_weighted(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean F1 over the classes, each weighing as much as it has rows."""
    return _averaged(of_f1, truth, predictions, None)


def precision_weighted(truth: Truth, predictions: Predictions) -> Score:
    """Return the mean precision over the classes, each weighing as much as it has rows."""
    return _averaged(of_precision, truth, predictions, None)


def _positive(truth: Truth) -> np.ndarray:
    return np.asarray(truth.levels == truth.positive, dtype=float)


def _evenly(truth: Truth) -> np.ndarray:
    return np.full(len(truth.levels), 1 / len(truth.levels))


def _averaged(measure: Measure, truth: Truth, predictions: Predictions, weights: np.ndarray | None) -> Score:
    """Average a measure over the classes; without `weights` by their shares, which are then uncertain themselves."""
    said = truth.said(predictions)
    shares = _shares(truth, said)
    slope = measure(shares)
    weight = shares.actual if weights is None else weights
    # What one more row of a class pulls by itself, when it is called something else, and when it is called so.
    own, called = weight * slope.by_actual, weight * slope.by_called
    if weights is None:
        own = own + slope.value - float(weight @ slope.value)
    hit = weight * slope.by_hits
    right = truth.codes == said
    influence = own[truth.codes] + np.append(called, 0.0)[said] + np.where(right, hit[truth.codes], 0.0)
    return Score(float(weight @ slope.value), influence, _jump(np.abs(hit + called), np.abs(called)))


def _shares(truth: Truth, said: np.ndarray) -> Shares:
    n, k = len(truth), len(truth.levels)
    hits = np.bincount(truth.codes[truth.codes == said], minlength=k)
    called = np.bincount(said + 1, minlength=k + 1)[1:]
    return Shares(hits / n, truth.counts / n, called / n)


def _jump(missed: np.ndarray, gained: np.ndarray) -> float:
    """Return the most that one row does which goes over from its own class to another, in one class or in both."""
    pairs = missed[:, None] + gained[None, :]
    np.fill_diagonal(pairs, 0.0)
    return float(pairs.max())
