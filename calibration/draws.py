"""Answers of two models that were never trained: both find what is easy, and differ where luck decides.

Each row has a latent difficulty, normal, of which a model sees a part with noise of its own: between two models its
correlation is `CORRELATION`. A row counts as positive where that lies below a threshold, one for positives and one
for negatives, chosen so that precision, recall and F1 of a model are all the F1 asked for.
"""

import numpy as np
from scipy import special

from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

POSITIVE, NEGATIVE = "yes", "no"
F1 = 0.75
PREVALENCE = 0.2
# With it the naive rule does on 2,000 rows what it is known to do: one equal model in four rejected.
CORRELATION = 0.9


def positives(random: np.random.Generator, n: int, prevalence: float = PREVALENCE) -> np.ndarray:
    """Return which of n rows are positive, shape (n,)."""
    return np.asarray(random.random(n) < prevalence)


def difficulty(random: np.random.Generator, n: int) -> np.ndarray:
    """Return what all models see of n rows, shape (n,)."""
    return random.standard_normal(n)


def seen(random: np.random.Generator, shared: np.ndarray, correlation: float = CORRELATION) -> np.ndarray:
    """Return what one model sees of the rows, shape (n,): the difficulty and noise of its own."""
    own = random.standard_normal(len(shared))
    return np.asarray(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)


def said(real: np.ndarray, seen: np.ndarray, f1: float, prevalence: float = PREVALENCE) -> np.ndarray:
    """Return which rows a model of this F1 calls positive, shape (n,)."""
    found = special.ndtri(f1)
    false = special.ndtri(prevalence * (1 - f1) / (1 - prevalence))
    return np.asarray(seen < np.where(real, found, false))


def labels(positive: np.ndarray) -> np.ndarray:
    """Return the labels of a boolean array."""
    return np.where(positive, POSITIVE, NEGATIVE)


def truth(real: np.ndarray) -> Truth:
    """Return what the gates judge by, where a boolean array says which rows are positive."""
    return Truth(labels(real), "binary", POSITIVE)


def answers(said: np.ndarray) -> Predictions:
    """Return a model's answers; their scores only tell the labels."""
    score = np.where(said, 0.9, 0.1)
    return Predictions(labels(said), np.column_stack([1 - score, score]), (NEGATIVE, POSITIVE))


def pair(
    random: np.random.Generator,
    n: int,
    loss: float = 0.0,
    prevalence: float = PREVALENCE,
    correlation: float = CORRELATION,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which rows are positive, and which a champion and a candidate with `loss` less F1 call so."""
    real, shared = positives(random, n, prevalence), difficulty(random, n)
    champion = said(real, seen(random, shared, correlation), F1, prevalence)
    return real, champion, said(real, seen(random, shared, correlation), F1 - loss, prevalence)
