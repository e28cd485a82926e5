"""A user's own metric: a function of the raw rows, their labels and a model's answers."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from gatehouse.contract import Task
from gatehouse.errors import EvidenceError
from gatehouse.gates import score
from gatehouse.gates.score import Score
from gatehouse.gates.truth import Metric, Truth
from gatehouse.knobs import knobs
from gatehouse.predictions import Predictions

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@knobs
class Declaration:
    """What a workload says of a metric: the function, whether higher or lower is better, and what it measures.

    `function(rows, y, predictions)` takes the raw rows as a DataFrame, their labels, shape (n,), and the model's
    `Predictions` for them. It returns one number, of which a bootstrap over the rows gives the error; or an array with
    one number for each independent `unit`, say image or customer, whose mean is the metric and gives a paired t test.
    Which units there are may depend on the rows and labels only. Some of the rows must do.
    """

    function: Callable[..., Any]
    better: Literal["higher", "lower"]
    unit: str = "rows"


def of(name: str, declared: Declaration) -> Metric:
    """Return the metric that was declared, for whichever task the workload has."""
    asked = Question(name, declared)
    return Metric(name, TASKS, declared.better == "higher", asked.score, unit=declared.unit)


class Question:
    """A user's function, asked for one model after the other."""

    def __init__(self, name: str, declared: Declaration) -> None:
        self.unit = declared.unit
        self.function = declared.function
        place = f"{declared.function.__module__}.{getattr(declared.function, '__qualname__', 'function')}"
        self.who = f"The metric '{name}' ({place})"

    def score(self, truth: Truth, predictions: Predictions) -> Score:
        """Return the metric. Raises EvidenceError naming the function when it fails, or returns something else."""
        found = self._answer(truth, predictions)
        if found.ndim == 0:
            return Score(float(found), np.empty(0))
        if found.ndim > 1 or len(found) < 2:
            raise EvidenceError(
                f"{self.who} returned an array of the shape {found.shape}. It must return one number, or an array with "
                f"one number for each of two or more {self.unit}."
            )
        broken = int((~np.isfinite(found)).sum())
        if broken:
            raise EvidenceError(f"{self.who} is NaN or infinite for {broken:,} of {len(found):,} {self.unit}.")
        return score.mean(found)

    def _answer(self, truth: Truth, predictions: Predictions) -> np.ndarray:
        if truth.rows is None:
            raise EvidenceError(f"{self.who} is measured on the raw rows, and none were given.")
        try:
            # A copy each, because a function that writes into its arguments must not change what others see.
            answer = self.function(truth.rows.copy(deep=False), truth.y.copy(), predictions)
        except Exception as error:  # the user's own code runs here
            raise EvidenceError(
                f"{self.who} raised {type(error).__name__} on {len(truth):,} rows: {error}. Mend the function."
            ) from error
        try:
            return np.asarray(answer, dtype=float)
        except (TypeError, ValueError) as error:
            raise EvidenceError(f"{self.who} returned {type(answer).__name__}, which is no number: {error}.") from error
