"""Predictions of one form, whose shapes belong together."""

import numpy as np
import pytest

from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions


def two_classes() -> Predictions:
    """Return three rows of a model with two classes."""
    return Predictions(np.array(["0", "1", "0"]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), ("0", "1"))


def test_length_is_rows() -> None:
    """The length is the number of rows, for classes and for a regression."""
    assert len(two_classes()) == 3
    assert len(Predictions(np.array([1.0, 2.0]), np.empty(0))) == 2


def test_score_of_class() -> None:
    """The probability of a class is its column."""
    np.testing.assert_array_equal(two_classes().score_of("1"), [0.1, 0.8, 0.4])


def test_unknown_class_is_told() -> None:
    """A class that the model does not know is named, beside those that it knows."""
    with pytest.raises(EvidenceError, match=r"class '2'; it knows 0, 1\."):
        two_classes().score_of("2")


@pytest.mark.parametrize("shape", [(3,), (2, 2), (3, 3), (3, 1), (2, 3)])
def test_wrong_scores_are_refused(shape: tuple[int, ...]) -> None:
    """Scores that do not fit the rows and the classes are refused."""
    with pytest.raises(EvidenceError, match=r"3 rows and 2 classes need scores of the shape \(3, 2\)"):
        Predictions(np.array(["0", "1", "0"]), np.zeros(shape), ("0", "1"))


def test_two_outputs_are_refused() -> None:
    """A model that gives two values a row is refused."""
    with pytest.raises(EvidenceError, match=r"one value a row; the model gave the shape \(3, 2\)"):
        Predictions(np.zeros((3, 2)), np.empty(0))


def test_regression_needs_numbers() -> None:
    """Labels without their classes are not mistaken for a regression."""
    with pytest.raises(EvidenceError, match="numbers"):
        Predictions(np.array(["a", "b"]), np.empty(0))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_not_finite_is_seen(number: float) -> None:
    """One score or value that is not finite is enough."""
    assert two_classes().finite()
    assert not Predictions(np.array(["0"]), np.array([[number, 0.5]]), ("0", "1")).finite()
    assert Predictions(np.array([1.0]), np.empty(0)).finite()
    assert not Predictions(np.array([1.0, number]), np.empty(0)).finite()


def test_no_rows_are_allowed() -> None:
    """No rows give no predictions; whether that is enough is for a gate to say."""
    nothing = Predictions(np.empty(0, dtype=str), np.empty((0, 2)), ("0", "1"))
    assert len(nothing) == 0
    assert nothing.finite()


def test_take_keeps_task():
    """Some rows of a regression's answers are a regression's answers, in the order that was asked for."""
    part = Predictions(np.arange(4.0), np.empty(0)).take(np.array([3, 1]))
    assert part.values.tolist() == [3.0, 1.0]
    assert part.classes == ()
