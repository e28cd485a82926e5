"""Parity: a served model that answers differently is refused."""

import numpy as np

from gatehouse.gates import parity
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

SCORES = np.array([[0.9, 0.1], [0.4, 0.6]])
TRAINED = Predictions(np.array(["0", "1"]), SCORES, ("0", "1"))


def test_same_answers_promote():
    """Answers that agree to the last bit pass."""
    why = "Over 2 rows 0 labels differ and the largest difference is 0."
    assert parity.judge(TRAINED, TRAINED, parity.Knobs()) == Check("parity", Decision.PROMOTE, why, 0.0, 1e-9, n=2)


def test_tolerance_itself_passes():
    """A difference that is just the tolerance is not above it."""
    served = Predictions(TRAINED.values, SCORES - [0.25, 0], ("0", "1"))
    assert parity.judge(TRAINED, served, parity.Knobs(tolerance=0.25)).decision == Decision.PROMOTE


def test_served_numbers_are_compared():
    """Of a regression the values are compared."""
    trained, served = (Predictions(np.array(values), np.empty(0)) for values in ([1.0, 2.0], [1.0, 2.5]))
    check = parity.judge(trained, served, parity.Knobs())
    why = "Over 2 rows 0 labels differ and the largest difference is 0.5."
    assert check == Check("parity", Decision.REJECT, why, 0.5, 1e-9, n=2)


def test_skewed_scores_reject():
    """Scores that moved are training-serving skew."""
    served = Predictions(TRAINED.values, SCORES + 1e-3, ("0", "1"))
    check = parity.judge(TRAINED, served, parity.Knobs())
    assert check.decision == Decision.REJECT
    assert np.isclose(check.observed, 1e-3)


def test_flipped_label_rejects():
    """A label that flipped is refused, even when the scores agree."""
    served = Predictions(np.array(["0", "0"]), SCORES, ("0", "1"))
    check = parity.judge(TRAINED, served, parity.Knobs())
    assert check.decision == Decision.REJECT
    assert check.why == "Over 2 rows 1 labels differ and the largest difference is 0."


def test_nan_is_an_error():
    """A score that is not a number is no evidence of anything."""
    served = Predictions(TRAINED.values, SCORES * np.nan, ("0", "1"))
    assert parity.judge(TRAINED, served, parity.Knobs()).decision == Decision.ERROR


def test_other_rows_are_an_error():
    """Answers for other rows cannot be compared."""
    served = Predictions(np.array(["0"]), SCORES[:1], ("0", "1"))
    why = (
        "The trained model answered 2 rows with classes ['0', '1'], the served one 1 with ['0', '1']: "
        "these are not the same rows of the same model."
    )
    assert parity.judge(TRAINED, served, parity.Knobs()) == Check("parity", Decision.ERROR, why, n=1)


def test_other_classes_are_an_error():
    """The same rows answered in other classes are another model's; no row shows nothing."""
    other, nothing = (
        Predictions(TRAINED.values, SCORES, ("1", "0")),
        Predictions(TRAINED.values[:0], SCORES[:0], ("0", "1")),
    )
    assert parity.judge(TRAINED, other, parity.Knobs()).decision == Decision.ERROR
    assert parity.judge(nothing, nothing, parity.Knobs()).decision == Decision.ERROR


def test_saved_model_is_the_trained():
    """A model that answers the same after loading passes, and another does not."""
    same, other = parity.after_loading("a1", "a1", 1000), parity.after_loading("a1", "b2", 1000)
    why = "Loaded again, the model gives the same answers as the trained one on 1,000 rows."
    assert same == Check("parity after loading", Decision.PROMOTE, why, n=1000)
    why = (
        "Loaded again, the model gives other answers than the trained one on 1,000 rows: "
        "what was saved is not what was trained. Train again."
    )
    assert other == Check("parity after loading", Decision.REJECT, why, n=1000)
