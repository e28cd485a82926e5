"""A world of 30 features and a model's answers: numbers, skewed numbers, categories and small counts."""

import numpy as np
import pandas as pd

from calibration.draws import NEGATIVE, POSITIVE
from gatehouse.contract import Column, Contract, Kind
from gatehouse.predictions import Predictions

FEATURES = 30
LEVELS, SHARES = ("a", "b", "c", "d", "e", "f"), (0.40, 0.25, 0.15, 0.10, 0.07, 0.03)
COUNT_MEAN = 2.0


def kind(place: int) -> Kind:
    """Return the kind of the feature at this place: of six, four are numbers (two of them skewed)."""
    return "category" if place % 6 == 2 else "integer" if place % 6 == 5 else "number"


NAMES = tuple(f"{kind(place)}_{place}" for place in range(FEATURES))
# The one that shifts, or goes missing: an ordinary number.
MOVED = NAMES[0]
CONTRACT = Contract(
    (
        *(Column(name, kind(place), maximum_missing=0.5) for place, name in enumerate(NAMES)),
        Column("label", "category", role="target"),
    ),
    "binary",
    POSITIVE,
)


def rows(random: np.random.Generator, n: int, shift: float = 0.0, missing: float = 0.0) -> pd.DataFrame:
    """Draw n rows; of one feature, `shift` is added in standard deviations, and a share is `missing`."""
    table = pd.DataFrame({name: values(random, n, place) for place, name in enumerate(NAMES)})
    table[MOVED] += shift
    table.loc[random.random(n) < missing, MOVED] = np.nan
    return table


def values(random: np.random.Generator, n: int, place: int) -> np.ndarray:
    """Draw one feature, shape (n,)."""
    if kind(place) == "category":
        return random.choice(LEVELS, n, p=SHARES)
    if kind(place) == "integer":
        return random.poisson(COUNT_MEAN, n).astype(float)
    plain = random.standard_normal(n)
    return np.exp(plain) if place % 3 else plain


def answers(random: np.random.Generator, n: int) -> Predictions:
    """Draw a model's answers, of which one in five is positive."""
    score = random.beta(0.6, 2.4, n)
    said = np.where(score > 0.5, POSITIVE, NEGATIVE)
    return Predictions(said, np.column_stack([1 - score, score]), (NEGATIVE, POSITIVE))
