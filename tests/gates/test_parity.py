"""Parity: a served model that answers differently is refused."""

import numpy as np

from gatehouse.gates import parity
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Decision

SCORES = np.array([[0.9, 0.1], [0.4, 0.6]])
TRAINED = Predictions(np.array(["0", "1"]), SCORES, ("0", "1"))


def test_same_answers_promote():
    """Answers that agree to the last bit pass."""
    assert parity.judge(TRAINED, TRAINED, parity.Knobs()).decision == Decision.PROMOTE


def test_skewed_scores_reject():
    """Scores that moved are training-serving skew."""
    served = Predictions(TRAINED.values, SCORES + 1e-3, ("0", "1"))
    check = parity.judge(TRAINED, served, parity.Knobs())
    assert check.decision == Decision.REJECT
    assert np.isclose(check.observed, 1e-3)


def test_flipped_label_rejects():
    """A label that flipped is refused, even when the scores agree."""
    served = Predictions(np.array(["0", "0"]), SCORES, ("0", "1"))
    assert parity.judge(TRAINED, served, parity.Knobs()).decision == Decision.REJECT


def test_nan_is_an_error():
    """A score that is not a number is no evidence of anything."""
    served = Predictions(TRAINED.values, SCORES * np.nan, ("0", "1"))
    assert parity.judge(TRAINED, served, parity.Knobs()).decision == Decision.ERROR


def test_other_rows_are_an_error():
    """Answers for other rows cannot be compared."""
    served = Predictions(np.array(["0"]), SCORES[:1], ("0", "1"))
    assert parity.judge(TRAINED, served, parity.Knobs()).decision == Decision.ERROR


def test_saved_model_is_the_trained():
    """A model that answers the same after loading passes, and another does not."""
    assert parity.after_loading("a1", "a1", 10).decision == Decision.PROMOTE
    assert parity.after_loading("a1", "b2", 10).decision == Decision.REJECT
