import answers
import numpy as np
import pytest

from gatehouse.errors import EvidenceError
from gatehouse.gates import evidence
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

TRUTH = np.array([True, False, True, False])
Y = answers.labels(TRUTH)
MODEL = answers.binary(TRUTH)


def refused(match: str, y: np.ndarray = Y, positive: str | None = "yes", model: Predictions = MODEL) -> None:
    """Expect an EvidenceError that says why."""
    with pytest.raises(EvidenceError, match=match):
        evidence.require(Truth(y, "multiclass", positive), model, "The champion")


def test_good_evidence_passes() -> None:
    """Labels and answers that belong together raise nothing."""
    evidence.require(answers.truth(Y), MODEL, "The champion")
    evidence.require(answers.truth(np.array([1.0, 2.0])), answers.numbers(np.array([1.0, 2.0])), "The champion")


def test_other_length_names_model() -> None:
    """Answers to another number of rows are refused, naming whose they are."""
    refused("The champion answered 4 rows, and the holdout has 3", y=Y[:3])


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_are_refused(rows: int) -> None:
    """No row, and one row, are nothing to judge by."""
    refused("at least 2", y=Y[:rows], model=answers.binary(TRUTH[:rows]))


def test_nan_scores_are_refused() -> None:
    """A NaN among the scores is no evidence."""
    refused("finite", model=answers.binary(TRUTH, np.array([0.9, np.nan, 0.9, 0.1])))


def test_nan_numbers_are_refused() -> None:
    """A NaN among the numbers of labels or answers is no evidence."""
    bad, good = np.array([1.0, np.nan]), np.array([1.0, 2.0])
    refused("finite", y=good, positive=None, model=answers.numbers(bad))
    why = "^Some labels are NaN or infinite. Leave out the rows whose label is not known yet.$"
    refused(why, y=bad, positive=None, model=answers.numbers(good))


def test_missing_labels_are_refused() -> None:
    """A label that is not known yet is not a class."""
    refused("'nan'", y=np.array(["yes", "nan", "yes", "no"]))


@pytest.mark.parametrize("y", [["no"] * 4, ["yes"] * 4, ["a", "no", "b", "no"], ["yes", "no", "maybe", "no"]])
def test_wrong_classes_are_refused(y: list[str]) -> None:
    """A binary holdout must hold two classes, one of them the positive."""
    refused("must hold two classes", y=np.array(y))


def test_one_class_is_refused() -> None:
    """A multiclass holdout must hold two classes or more."""
    refused("^The 4 labels hold a, and must hold two or more classes.$", y=np.array(["a"] * 4), positive=None)


def test_five_classes_are_named() -> None:
    """Of many classes where two should be, five are named."""
    y = np.array(list("abcdefg"))
    refused("labels hold a, b, c, d, e, and must hold two", y=y, model=answers.binary(y > "b"))


def test_other_task_is_refused() -> None:
    """Numbers cannot be judged by classes, nor classes by numbers."""
    refused("champion answered numbers, and the labels are classes: it is", model=answers.numbers(np.arange(4.0)))
    classes = "champion answered classes, and the labels are numbers: it is a model for another task"
    refused(classes, y=np.arange(4.0), positive=None)
    refused(classes, y=np.arange(4), positive=None)
