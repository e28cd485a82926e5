import numpy as np
import pandas as pd

from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

Y = np.array(["b", "a", "b", "c"])
TRUTH = Truth(Y, "multiclass", rows=pd.DataFrame({"x": range(4)}))


def test_labels_are_encoded() -> None:
    """Labels become places among the classes that occur, and their rows are counted."""
    assert TRUTH.levels[TRUTH.codes].tolist() == Y.tolist()
    assert TRUTH.counts.tolist() == [1, 2, 1]


def test_said_shares_the_code() -> None:
    """A right answer has the label's own code; one that no label has is none of them."""
    said = TRUTH.said(Predictions(np.array(["b", "z", "c", "c"]), np.ones((4, 4)) / 4, ("a", "b", "c", "z")))
    assert (said == TRUTH.codes).tolist() == [True, False, False, True]
    assert said[1] == -1


def test_take_keeps_rows_together() -> None:
    """Some rows keep their labels and their raw values."""
    part = TRUTH.take(np.array([3, 0]))
    assert part.y.tolist() == ["c", "b"]
    assert part.rows is not None
    assert part.rows["x"].tolist() == [3, 0]


def test_ups_are_positives() -> None:
    """The rows of the positive class are marked."""
    assert Truth(np.array(["no", "yes"]), "binary", "yes").ups.tolist() == [False, True]
