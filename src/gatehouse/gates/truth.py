"""What models are judged by: the labels of the rows, and the metrics that measure answers to them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from gatehouse.contract import Task
from gatehouse.gates.score import Score
from gatehouse.predictions import Predictions


@dataclass(frozen=True)
class Metric:
    """A metric, the tasks that it fits, and the rule that computes it.

    `of_labels` is True where it sees the predicted labels and no scores; `unit` names what it has one value of.
    """

    name: str
    tasks: tuple[Task, ...]
    higher_is_better: bool
    rule: "Rule"
    of_labels: bool = False
    unit: str = "rows"


@dataclass(frozen=True)
class Truth:
    """The labels of n rows, shape (n,): texts for classes, numbers for a regression.

    `positive` is the label that counts as 1 in a binary task. `rows` are the raw rows, which a user's own metric is
    given, and `own` the user's metrics.
    """

    y: np.ndarray
    task: Task
    positive: str | None = None
    rows: pd.DataFrame | None = None
    own: tuple[Metric, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    @cached_property
    def ups(self) -> np.ndarray:
        """The rows of the positive class, booleans of shape (n,)."""
        return np.asarray(self.y == self.positive)

    @cached_property
    def levels(self) -> np.ndarray:
        """The classes that occur, in order, shape (k,)."""
        return self._encoded[0]

    @cached_property
    def codes(self) -> np.ndarray:
        """The place of every label among `levels`, shape (n,). Texts are compared once, and numbers afterwards."""
        return self._encoded[1]

    @cached_property
    def counts(self) -> np.ndarray:
        """The number of rows of every class, shape (k,)."""
        return np.bincount(self.codes, minlength=len(self.levels))

    def said(self, predictions: Predictions) -> np.ndarray:
        """Return the place of every predicted label among `levels`, shape (n,); -1 where it is none of them."""
        answers, codes = predictions.encoded
        place = {level: number for number, level in enumerate(self.levels.tolist())}
        places = np.array([place.get(answer, -1) for answer in answers.tolist()], dtype=int)
        return np.asarray(places[codes])

    def take(self, rows: np.ndarray) -> "Truth":
        """Return the truth of some of the rows, in the given order; `rows` holds indices or booleans."""
        return replace(self, y=self.y[rows], rows=None if self.rows is None else self.rows.iloc[rows])

    @cached_property
    def _encoded(self) -> tuple[np.ndarray, np.ndarray]:
        levels, codes = np.unique(self.y, return_inverse=True)
        return levels, codes


# From the truth and a model's answers to the metric.
Rule = Callable[[Truth, Predictions], Score]
