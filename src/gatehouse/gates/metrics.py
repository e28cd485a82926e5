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
from gatehouse.gates.score import standard_error
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

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the one-sided lower and upper bound, each at `confidence`."""
        return interval.bounds(self.value, self.se, self.n, confidence)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; `low` and `high` are the ends of the interval of 95 %."""
        low, high = self.bounds(0.975)
        return {**asdict(self), "low": low, "high": high}


@dataclass(frozen=True)
class Comparison:
    """Champion and candidate on the same rows; `delta` is the improvement, `se` its standard error."""

    metric: str
    higher_is_better: bool
    champion: float
    candidate: float
    delta: float
    se: float
    n: int

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the one-sided lower and upper bound of `delta`, each at `confidence`."""
        return interval.bounds(self.delta, self.se, self.n, confidence)


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
    (value,), se = _measure(metric, truth, [predictions], bootstraps, seed)
    return Estimate(name, metric.higher_is_better, value, se, len(truth))


def compare(
    name: str, truth: Truth, champion: Predictions, candidate: Predictions, bootstraps: int = 1000, seed: int = 0
) -> Comparison:
    """Compare two models on the same rows. Raises what `estimate` raises."""
    metric = find(name, truth.task, truth.own)
    evidence.require(truth, champion, "The champion")
    evidence.require(truth, candidate, "The candidate")
    (old, new), se = _measure(metric, truth, [champion, candidate], bootstraps, seed)
    delta = new - old if metric.higher_is_better else old - new
    return Comparison(name, metric.higher_is_better, old, new, delta, se, len(truth))


def _measure(
    metric: Metric, truth: Truth, models: Sequence[Predictions], bootstraps: int, seed: int
) -> tuple[list[float], float]:
    """Return the metric of every model, and the SE of the last one's value less the first one's, if there are two."""
    with np.errstate(over="ignore", invalid="ignore"):  # too large to square: refused below
        scores = [metric.rule(truth, model) for model in models]
        parts = [score.influence for score in scores if score.influence.size]
        if parts:
            se = standard_error(parts[-1] - parts[0] if len(parts) > 1 else parts[0], max(s.jump for s in scores))
        else:
            draws = bootstrap.replicate(metric.rule, truth, models, bootstraps, seed).T
            se = float(np.std(draws[-1] - draws[0] if len(draws) > 1 else draws[0], ddof=1))
    values = [score.value for score in scores]
    if not np.isfinite([*values, se]).all():
        raise EvidenceError(f"{metric.name} is {values} with a standard error of {se}: that is no evidence.")
    return values, se
