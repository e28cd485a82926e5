"""Trying the workload's fallback at training: it must answer every held-out row, and the report says how well."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatehouse.config import Config
from gatehouse.errors import WorkloadError
from gatehouse.gates import metrics
from gatehouse.predictions import Predictions
from gatehouse.serving import fallback, requests
from gatehouse.serving.runtime import ModelError
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision
from gatehouse.workload import Workload

NAME = "fallback"


@dataclass(frozen=True)
class Tried:
    """A fallback's text, what the manifest says of it, and the check that the report shows; without one, nothing."""

    source: str | None = None
    about: Mapping[str, Any] | None = None
    check: Check | None = None


def run(config: Config, found: Workload, rows: Rows, model: Predictions) -> Tried:
    """Try the fallback on the held-out rows; `model` is what the model answered to them.

    Raises WorkloadError when it is not a rule that can be served, or does not answer a row.
    """
    if found.fallback is None:
        return Tried()
    try:
        source = inspect.getsource(found.fallback)
    except (OSError, TypeError) as error:
        raise WorkloadError("The fallback of the workload must be a function that is written in its file.") from error
    rule = fallback.of(source, model.classes)
    sent = fallback.rows_of(found.contract, requests.payload(rows.holdout, found.contract))
    try:
        answers = rule.answer(sent)
    except ModelError as error:
        why = f"{error}: {error.__cause__}"
        raise WorkloadError(f"On a held-out row {why}. Mend fallback in the workload's model.py.") from error
    truth = found.truth(rows.holdout)
    metric = metrics.estimate(config.gate.metric, truth, answers, config.gate.bootstraps, config.gate.seed)
    why = f"Where the model fails, the fallback answers: {metric.metric} {metric.value:.4f} on {metric.n:,} held out."
    check = Check(NAME, Decision.PROMOTE, why, observed=metric.value, n=metric.n)
    return Tried(source, {"classes": list(model.classes), metric.metric: metric.value}, check)
