"""Made-up rows: strange where the model takes it, and nowhere else."""

import numpy as np
import tumours

from gatehouse.bundle import Model
from gatehouse.export import artifact, trial
from gatehouse.predictions import Predictions
from gatehouse.serving import onnx_model

FEATURES = tumours.CONTRACT.frame(tumours.rows())
MODEL = onnx_model.of(artifact.make(Model(tumours.estimator(), tumours.CONTRACT), FEATURES), tumours.CONTRACT)
MADE = trial.rows(MODEL, tumours.CONTRACT, FEATURES.head(50), FEATURES, 2000)


def test_held_rows_come_first():
    """The rows that judge are tried as they are."""
    assert len(MADE) == 2050
    assert MADE.head(50).equals(FEATURES.head(50))


def test_made_rows_are_strange():
    """New levels, gaps and the halves between two values are among them."""
    made = MADE.tail(2000)
    assert made["size"].str.startswith("new").mean() > 0.02
    assert made["ward"].isna().mean() > 0.05
    known = np.unique(FEATURES["mean radius"])
    halves = set(known[:-1] / 2 + known[1:] / 2)
    assert made["mean radius"].isin(halves).mean() > 0.1


def test_some_rows_are_near() -> None:
    """A tenth of the made-up rows are as near to the threshold as they come, where labels may flip."""
    scores = MODEL.predict_table(MADE).scores
    margin = np.abs(scores[:, 1] - scores[:, 0])
    assert margin[-200:].max() < 0.2
    assert margin[-200:].max() < np.quantile(margin[:-200], 0.25)
    assert len(trial.nearest(Predictions(np.ones(3), np.empty(0)), 2)) == 0


def test_same_rows_again():
    """Nothing of it is left to chance: a training that is repeated tries the same rows."""
    assert trial.rows(MODEL, tumours.CONTRACT, FEATURES.head(50), FEATURES, 2000).equals(MADE)
