"""What a model answers, as columns that are followed like its inputs."""

import numpy as np
import pandas as pd

from gatehouse.contract import Contract
from gatehouse.drift import summary
from gatehouse.drift.summary import Summary
from gatehouse.predictions import Predictions

CLASS, SCORE, CONFIDENCE, VALUE = "predicted class", "predicted score", "predicted confidence", "predicted value"


def names(contract: Contract) -> tuple[str, ...]:
    """Return the outputs that a task has."""
    return {"regression": (VALUE,), "binary": (CLASS, SCORE), "multiclass": (CLASS, CONFIDENCE)}[contract.task]


def columns(predictions: Predictions, contract: Contract) -> dict[str, pd.Series]:
    """Return the outputs by name: class and score, class and the highest score, or the value of a regression."""
    if contract.task == "regression":
        return {VALUE: pd.Series(predictions.values.astype(float))}
    classes = pd.Series(predictions.values.astype(str), dtype=object)
    if contract.task == "binary":
        return {CLASS: classes, SCORE: pd.Series(predictions.score_of(str(contract.positive)))}
    return {CLASS: classes, CONFIDENCE: pd.Series(np.max(predictions.scores, axis=1, initial=0.0))}


def summaries(predictions: Predictions, contract: Contract) -> dict[str, Summary]:
    """Sum up every output; a class that the model knows is never a new one."""
    return {
        name: summary.of_levels(values, predictions.classes)
        if name == CLASS
        else summary.of_numbers(values.to_numpy(dtype=float))
        for name, values in columns(predictions, contract).items()
    }
