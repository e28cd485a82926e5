"""Whether labels and answers can be judged at all."""

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

# What `contract.label_text` makes of a label that is missing.
MISSING_LABELS = ("nan", "<NA>", "NaT")


def require(truth: Truth, predictions: Predictions, who: str) -> None:
    """Raise EvidenceError unless `predictions` of the model called `who` can be judged by `truth`."""
    y = truth.y
    if len(y) < 2:
        raise EvidenceError(f"There are {len(y)} labelled rows to judge by, and at least 2 are needed.")
    if len(predictions) != len(y):
        raise EvidenceError(f"{who} answered {len(predictions)} rows, and the holdout has {len(y)}: score it again.")
    if not predictions.finite():
        raise EvidenceError(f"{who} gave answers that are no finite numbers. Find the rows that make it do so.")
    numeric = y.dtype.kind in "fiu"
    if numeric == bool(predictions.classes):
        wanted, given = ("numbers", "classes") if numeric else ("classes", "numbers")
        raise EvidenceError(f"{who} answered {given}, and the labels are {wanted}: it is a model for another task.")
    if numeric:
        require_numbers(y)
    else:
        require_classes(truth)


def require_numbers(y: np.ndarray) -> None:
    """Raise EvidenceError unless every label is a finite number."""
    if not np.isfinite(y.astype(float)).all():
        raise EvidenceError("Some labels are NaN or infinite. Leave out the rows whose label is not known yet.")


def require_classes(truth: Truth) -> None:
    """Raise EvidenceError unless the labels are known, of two classes or more, and two for a binary task."""
    levels, positive = [str(level) for level in truth.levels], truth.positive
    if missing := [level for level in levels if level in MISSING_LABELS]:
        raise EvidenceError(f"Some labels are '{missing[0]}'. Leave out the rows whose label is not known yet.")
    if len(levels) < 2 or (positive is not None and (positive not in levels or len(levels) > 2)):
        wanted = "two or more classes" if positive is None else f"two classes, one of them '{positive}'"
        raise EvidenceError(f"The {len(truth)} labels hold {', '.join(levels[:5])}, and must hold {wanted}.")
