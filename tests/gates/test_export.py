"""Export: an ONNX model that answers differently is refused, and one within rounding is not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.gates import export
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Decision


def binary(scores: np.ndarray) -> Predictions:
    """Return the predictions for some scores of the second class."""
    both = np.column_stack([1 - scores, scores])
    return Predictions(np.array(["0", "1"])[both.argmax(axis=1)], both, ("0", "1"))


SCORES = np.linspace(0.001, 0.999, 20_000)
TRAINED = binary(SCORES)
KNOBS = export.Knobs()


@given(st.floats(0, 4e-7))
def test_rounding_promotes(error: float):
    """Scores that differ within the tolerance and change no label pass."""
    check = export.judge(TRAINED, binary(SCORES + np.where(SCORES < 0.5, -error, error)), KNOBS)
    assert check.decision == Decision.PROMOTE
    assert "0 labels are others" in check.why


def test_one_row_in_ten_thousand_may_differ():
    """A single row on the edge of a split is let through; one in five thousand is not."""
    few, many = SCORES.copy(), SCORES.copy()
    few[1] += 0.05
    many[:4] += 0.05
    assert export.judge(TRAINED, binary(few), KNOBS).decision == Decision.PROMOTE
    assert export.judge(TRAINED, binary(many), KNOBS).decision == Decision.REJECT


def test_flip_near_threshold_rejects():
    """One other label is refused while fewer than a million rows lie near the threshold, and is counted."""
    flipped = SCORES.copy()
    place = int(np.argmax(SCORES > 0.5))
    flipped[place] = 1 - flipped[place]
    check = export.judge(TRAINED, binary(flipped), KNOBS)
    assert (check.decision, check.details["flips"]) == (Decision.REJECT, 1)
    assert check.details["near"] == int((np.abs(2 * SCORES - 1) <= 0.02).sum())


def test_flip_far_from_threshold_rejects():
    """Where the threshold is far, another label is another model, however many flips are allowed."""
    flipped = SCORES.copy()
    flipped[0] = 0.9
    lenient = export.Knobs(flips_per_million=1e6)
    assert export.judge(TRAINED, binary(flipped), lenient).decision == Decision.REJECT


def test_numbers_have_no_labels():
    """A regression is held to its values."""
    trained = Predictions(np.arange(100.0), np.empty(0))
    near, far = (Predictions(trained.values + error, np.empty(0)) for error in (1e-7, 1e-5))
    assert export.judge(trained, near, KNOBS).decision == Decision.PROMOTE
    assert export.judge(trained, far, KNOBS).decision == Decision.REJECT


def test_nan_is_an_error():
    """An answer that is not finite is no evidence, whichever model gave it."""
    broken = binary(np.full(3, np.nan))
    for trained, exported, who in ((binary(SCORES[:3]), broken, "exported"), (broken, binary(SCORES[:3]), "trained")):
        check = export.judge(trained, exported, KNOBS)
        assert check.decision == Decision.ERROR
        assert f"The {who} model gives numbers that are not finite" in check.why


def test_other_rows_are_an_error():
    """Answers for other rows, for none, or with other classes cannot be compared."""
    one = binary(SCORES[:1])
    other = Predictions(one.values, one.scores, ("0", "2"))
    for trained, exported in ((TRAINED, one), (one, other), (binary(SCORES[:0]), binary(SCORES[:0]))):
        assert export.judge(trained, exported, KNOBS).decision == Decision.ERROR
