"""What check_workload asks of a workload's model: each function says what is wrong, or nothing."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from gatehouse import bundle as bundles
from gatehouse import holdout
from gatehouse.bundle import Model
from gatehouse.config import Config
from gatehouse.contract import Column, Contract
from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics, parity
from gatehouse.predictions import Predictions
from gatehouse.serving import values
from gatehouse.verdicts import Decision
from gatehouse.workload import Workload

TRIED_ROWS, SINGLE_ROWS, FEW_BOOTSTRAPS = 200, 10, 20
NEW_LEVEL = "a level that nobody has seen"


@dataclass(frozen=True)
class Trial:
    """A model that was fitted on a part of the training rows, and the held-out rows that it is tried on."""

    workload: Workload
    config: Config
    training: pd.DataFrame
    rows: pd.DataFrame
    model: Model

    @property
    def contract(self) -> Contract:
        """What the schema says."""
        return self.workload.contract

    @property
    def trained(self) -> Predictions:
        """What the model answers straight after training."""
        return self.model.predict(self.rows)


def prepare(workload: Workload, config: Config, rows: pd.DataFrame, most: int) -> Trial:
    """Fit the workload's estimator on at most so many rows. Raises EvidenceError in the estimator's own words."""
    labelled = holdout.labelled(rows, workload.contract)
    training, judging = holdout.split(labelled, workload.contract, config.holdout)
    training, judging = spread(training, most), spread(judging, TRIED_ROWS)
    try:
        return Trial(workload, config, training, judging, fitted(workload, training))
    except Exception as error:  # the user's own code runs here
        raise EvidenceError(f"The estimator cannot be fitted: {type(error).__name__}: {error}") from error


def spread(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most so many rows, from the first to the last."""
    places = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int))
    return rows.iloc[places].reset_index(drop=True)


def fitted(workload: Workload, rows: pd.DataFrame) -> Model:
    """Return a model of a fresh estimator with every seed at 0."""
    estimator = workload.build()
    seeds = {key: 0 for key in estimator.get_params(deep=True) if key.rpartition("__")[2] == "random_state"}
    contract = workload.contract
    return Model(estimator.set_params(**seeds).fit(contract.frame(rows), contract.labels(rows)), contract)


def unfitted(trial: Trial) -> str:
    """Ask for a new unfitted estimator from every call, of which scikit-learn can make a copy."""
    estimator = trial.workload.build()
    if estimator is trial.workload.build():
        return "build() returned the same object twice: two trainings would share it."
    clone(estimator)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return ""
    return "build() returned an estimator that is fitted already."


def answers(trial: Trial) -> str:
    """Ask for finite numbers, and for the classes that the labels have."""
    predictions = trial.trained
    known = set(trial.contract.labels(trial.training))
    if trial.contract.task != "regression" and set(predictions.classes) != known:
        return (
            f"The model knows the classes {', '.join(predictions.classes)}; the labels are {', '.join(sorted(known))}."
        )
    return "" if predictions.finite() else "Some of the model's answers are NaN or infinite."


def deterministic(trial: Trial) -> str:
    """Ask that two trainings on the same rows with the same seeds give the same answers."""
    again = fitted(trial.workload, trial.training).predict(trial.rows)
    same = bundles.prediction_hash(again) == bundles.prediction_hash(trial.trained)
    return "" if same else "Two trainings gave two models. Give every part that draws numbers a random_state."


def bundled(trial: Trial) -> str:
    """Ask that the model can be written and read without pickle, and answers the same afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        bundle = bundles.write(path, trial.model.estimator, trial.contract, {}, {"version": "0.0.0"}, "")
        return difference(trial.trained, bundles.load_model(bundle).predict(trial.rows), trial, "out of its bundle")


def alone(trial: Trial) -> str:
    """Ask that a row gets the same answer by itself and among others, and in any order."""
    turned = trial.model.predict(trial.rows[::-1])
    order = np.arange(len(trial.rows))[::-1]
    few = [trial.model.predict(trial.rows.iloc[[number]]) for number in range(min(SINGLE_ROWS, len(trial.rows)))]
    return difference(trial.trained.take(order), turned, trial, "in another order of rows") or difference(
        trial.trained.take(np.arange(len(few))), joined(few), trial, "for a row by itself"
    )


def requested(trial: Trial) -> str:
    """Ask that JSON, by which requests come, changes no answer."""
    features = trial.contract.features
    rows = [
        {column.name: values.plain(cell, column) for column, cell in zip(features, cells, strict=True)}
        for cells in trial.rows[[column.name for column in features]].itertuples(index=False, name=None)
    ]
    served = trial.model.predict(pd.DataFrame(json.loads(json.dumps(rows)), dtype=object))
    return difference(trial.trained, served, trial, "after a journey through JSON")


def gaps(trial: Trial) -> str:
    """Ask for an answer where a value is missing that the schema lets be missing."""
    return with_each(trial, [column for column in trial.contract.features if column.maximum_missing > 0], None)


def new_levels(trial: Trial) -> str:
    """Ask for an answer where a category has a level that training never saw: it is served all the same."""
    return with_each(trial, [column for column in trial.contract.features if column.kind == "category"], NEW_LEVEL)


def measured(trial: Trial) -> str:
    """Ask that each of the workload's own metrics gives numbers for some held-out rows."""
    truth = trial.workload.truth(trial.rows)
    for metric in trial.workload.metrics:
        try:
            metrics.estimate(metric.name, truth, trial.trained, FEW_BOOTSTRAPS)
        except EvidenceError as error:
            return str(error)
    return ""


def with_each(trial: Trial, columns: list[Column], value: Any) -> str:
    """Put `value` into one column after the other and ask for finite answers."""
    for column in columns:
        rows = trial.rows.assign(**{column.name: pd.Series([value] * len(trial.rows), dtype=object)})
        try:
            finite = trial.model.predict(rows).finite()
        except Exception as error:  # the user's own code runs here
            return f"With {value!r} in '{column.name}' the model raised {type(error).__name__}: {error}"
        if not finite:
            return f"With {value!r} in '{column.name}' the model's answers are not finite."
    return ""


def joined(parts: list[Predictions]) -> Predictions:
    """Return the predictions of several calls as those of one."""
    values = np.concatenate([part.values for part in parts])
    return Predictions(values, np.concatenate([part.scores for part in parts]), parts[0].classes)


def difference(expected: Predictions, given: Predictions, trial: Trial, where: str) -> str:
    """Say by how much the answers differ, if they do by more than [parity] tolerance."""
    check = parity.judge(expected, given, trial.config.parity)
    return "" if check.decision == Decision.PROMOTE else f"The model answers otherwise {where}. {check.why}"
