"""The metrics that gates judge by: one table, estimates of one model, and paired comparisons of two.

Every difference is an improvement: above 0 the candidate is better, also for losses. Values stay in natural units.
"""

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gatehouse.contract import Task
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import bootstrap, evidence, interval, label_metrics, probability_metrics, regression_metrics
from gatehouse.gates.score import Score, standard_error
from gatehouse.gates.truth import Metric, Truth
from gatehouse.predictions import Predictions

BINARY: tuple[Task, ...] = ("binary",)
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
NUMBERS: tuple[Task, ...] = ("regression",)


MANY: tuple[Task, ...] = ("multiclass",)

TABLE = {
    metric.name: metric
    for metric in (
        Metric("f1", BINARY, True, label_metrics.f1, of_labels=True),
        Metric("accuracy", CLASSES, True, label_metrics.accuracy, of_labels=True),
        Metric("balanced_accuracy", CLASSES, True, label_metrics.balanced_accuracy, of_labels=True),
        Metric("log_loss", CLASSES, False, probability_metrics.log_loss),
        Metric("brier", CLASSES, False, probability_metrics.brier),
        Metric("auc", BINARY, True, probability_metrics.auc),
        Metric("recall", BINARY, True, label_metrics.recall, of_labels=True),
        Metric("precision", BINARY, True, label_metrics.precision, of_labels=True),
        Metric("average_precision", BINARY, True, probability_metrics.average_precision),
        Metric("f1_macro", MANY, True, label_metrics.f1_macro, of_labels=True),
        Metric("f1_weighted", MANY, True, label_metrics.f1_weighted, of_labels=True),
        Metric("precision_macro", MANY, True, label_metrics.precision_macro, of_labels=True),
        Metric("precision_weighted", MANY, True, label_metrics.precision_weighted, of_labels=True),
        Metric("auc_ovr", MANY, True, probability_metrics.auc_ovr),
        Metric("mae", NUMBERS, False, regression_metrics.mae),
        Metric("mse", NUMBERS, False, regression_metrics.mse),
        Metric("rmse", NUMBERS, False, regression_metrics.rmse),
        Metric("r2", NUMBERS, True, regression_metrics.r2),
    )
}
# One thing has one name: what others call these is another metric of the table.
SAME = {
    "recall_macro": "balanced_accuracy",
    "recall_weighted": "accuracy",
    "recall_micro": "accuracy",
    "precision_micro": "accuracy",
    "f1_micro": "accuracy",
}


@dataclass(frozen=True)
class Estimate:
    """One model's metric in natural units, its standard error, and the number of rows."""

    metric: str
    higher_is_better: bool
    value: float
    se: float
    n: int
    unit: str = "rows"

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the one-sided lower and upper bound, each at `confidence`."""
        return interval.bounds(self.value, self.se, self.n, confidence)

    def resolution(self, confidence: float) -> float:
        """Return the smallest distance from a floor that these rows prove 80 % of the time."""
        return interval.resolution(self.se, self.n, confidence)

    def rows_to_settle(self, confidence: float, distance: float) -> int | None:
        """Return how many rows resolve `distance`; None when it is 0."""
        return interval.rows_to_settle(self.se, self.n, confidence, distance)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; `low` and `high` are the ends of the interval of 95 %."""
        low, high = self.bounds(0.975)
        return {**asdict(self), "low": low, "high": high}


@dataclass(frozen=True)
class Comparison:
    """Champion and candidate on the same rows; `delta` is the improvement, `se` its standard error.

    `jump` is n times the most that one row moves `delta`, for a metric of labels.
    """

    metric: str
    higher_is_better: bool
    champion: float
    candidate: float
    delta: float
    se: float
    n: int
    jump: float = 0.0
    unit: str = "rows"

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the one-sided lower and upper bound of `delta`, each at `confidence`."""
        return interval.bounds(self.delta, self.se, self.n, confidence, self.jump)

    def resolution(self, confidence: float) -> float:
        """Return the smallest tolerance that these rows prove for an equal model 80 % of the time."""
        return interval.resolution(self.se, self.n, confidence, self.jump)

    def rows_to_settle(self, confidence: float, distance: float) -> int | None:
        """Return how many rows resolve `distance`; None when it is 0."""
        return interval.rows_to_settle(self.se, self.n, confidence, distance, self.jump)


def find(name: str, task: Task, own: Sequence[Metric] = ()) -> Metric:
    """Return the metric of the table, or of the user's `own`.

    Raises ConfigError, naming the nearest, when it is unknown or does not fit the task.
    """
    fitting = {metric.name: metric for metric in (*TABLE.values(), *own) if task in metric.tasks}
    if name in fitting:
        return fitting[name]
    near = SAME[name] if SAME.get(name) in fitting else difflib.get_close_matches(name, fitting, n=1, cutoff=0.0)[0]
    fault = f"does not fit a {task} task" if name in TABLE else "is unknown"
    raise ConfigError(f"The metric '{name}' {fault}. Did you mean '{near}'? For {task}: {', '.join(fitting)}.")


def estimate(name: str, truth: Truth, predictions: Predictions, bootstraps: int = 1000, seed: int = 0) -> Estimate:
    """Measure one model.

    Raises ConfigError when the metric does not fit, and EvidenceError when the rows do not allow it: too few, one
    class only, NaN, or another number of answers.
    """
    metric = find(name, truth.task, truth.own)
    evidence.require(truth, predictions, "The model")
    (score,) = _scores(metric, truth, [predictions])
    if score.influence.size:
        n, se = len(score.influence), standard_error(score.influence, score.jump)
    else:
        draws = bootstrap.replicate(metric.rule, truth, [predictions], bootstraps, seed)
        n, se = len(truth), float(np.std(draws, ddof=1))
    _require_finite(name, [score.value, se])
    return Estimate(name, metric.higher_is_better, score.value, se, n, metric.unit)


def compare(
    name: str, truth: Truth, champion: Predictions, candidate: Predictions, bootstraps: int = 1000, seed: int = 0
) -> Comparison:
    """Compare two models on the same rows. Raises what `estimate` raises."""
    metric = find(name, truth.task, truth.own)
    evidence.require(truth, champion, "The champion")
    evidence.require(truth, candidate, "The candidate")
    old, new = _scores(metric, truth, [champion, candidate])
    if old.influence.size or new.influence.size:
        n, se, typical = _apart(metric, old, new)
    else:
        draws = bootstrap.replicate(metric.rule, truth, [champion, candidate], bootstraps, seed)
        n, se = len(truth), float(np.std(draws[:, 1] - draws[:, 0], ddof=1))
        typical = float(np.std(draws[:, 0], ddof=1) * np.sqrt(n))
    _require_finite(name, [old.value, new.value, se])
    jump = max(old.jump, new.jump)
    if se == jump == 0 and not champion.same(candidate):
        # Two models of which the metric sees no difference anywhere: what a row may move is what it moves in one.
        jump = typical
    delta = new.value - old.value if metric.higher_is_better else old.value - new.value
    return Comparison(name, metric.higher_is_better, old.value, new.value, delta, se, n, jump, metric.unit)


def _scores(metric: Metric, truth: Truth, models: Sequence[Predictions]) -> list[Score]:
    with np.errstate(over="ignore", invalid="ignore"):  # too large to square: refused here
        scores = [metric.rule(truth, model) for model in models]
    _require_finite(metric.name, [score.value for score in scores])
    return scores


def _apart(metric: Metric, old: Score, new: Score) -> tuple[int, float, float]:
    """Return how many units there are, the SE of the difference, and the most that one pulls the first model."""
    if len(old.influence) != len(new.influence):
        raise EvidenceError(
            f"{metric.name} has {len(old.influence):,} {metric.unit} for the champion and {len(new.influence):,} for "
            f"the candidate: which {metric.unit} there are must not depend on what a model answers."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        se = standard_error(new.influence - old.influence)
    return len(old.influence), se, float(np.abs(old.influence).max())


def _require_finite(name: str, numbers: Sequence[float]) -> None:
    if not np.isfinite(numbers).all():
        raise EvidenceError(f"{name} and its standard error are {', '.join(map(str, numbers))}: that is no evidence.")
