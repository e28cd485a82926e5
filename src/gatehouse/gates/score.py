"""One model's value of a metric, with what every row contributes to its uncertainty."""

from dataclasses import dataclass

import numpy as np

# n rows without an event allow for a share of 3/n at 95 % (the rule of three: -ln .05), which 1.645 SE must cover.
RULE_OF_THREE = 3.0 / 1.645


@dataclass(frozen=True)
class Score:
    """A metric's value and its influence function: by how much each row pulls it, shape (n,), mean 0.

    `influence` gives the delta method in one line, SE² = Σψ²/n², and paired comparisons by subtraction; it is empty
    for a metric without a closed form. `jump` is n times the most that one wrong label moves the value: it says what
    n rows leave open on which every label is right, or two models agree.
    """

    value: float
    influence: np.ndarray
    jump: float = 0.0


def mean(rows: np.ndarray) -> Score:
    """Return the mean of a number that every row has, shape (n,), scaled so that the SE is that of the t test."""
    n = len(rows)
    value = float(rows.mean())
    return Score(value, (rows - value) * np.sqrt(n / (n - 1)))


def standard_error(influence: np.ndarray, jump: float = 0.0) -> float:
    """Return √Σψ²/n, and never less than the rule of three leaves open for a metric of labels."""
    n = len(influence)
    return max(float(np.sqrt(np.square(influence).sum()) / n), RULE_OF_THREE * jump / n)
