"""What a model answers for n rows, in the one form that gates, drift and serving share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gatehouse.errors import EvidenceError


@dataclass(frozen=True)
class Predictions:
    """Predictions for n rows.

    For classes, `values` holds n labels as strings, `classes` the k labels in order, and `scores` the probabilities,
    shape (n, k). For a regression, `values` holds n floats, and the others are empty.
    """

    values: np.ndarray
    scores: np.ndarray
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise EvidenceError when the shapes do not belong together, or a regression gives no numbers."""
        if self.values.ndim != 1:
            raise EvidenceError(f"Predictions must be one value a row; the model gave the shape {self.values.shape}.")
        if not self.classes and self.values.dtype.kind not in "fiu":
            raise EvidenceError(f"Predictions without classes must be numbers; the model gave {self.values.dtype}.")
        if self.classes and self.scores.shape != (len(self.values), len(self.classes)):
            raise EvidenceError(
                f"{len(self.values)} rows and {len(self.classes)} classes need scores of the shape "
                f"({len(self.values)}, {len(self.classes)}); the model gave {self.scores.shape}."
            )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    @cached_property
    def encoded(self) -> tuple[np.ndarray, np.ndarray]:
        """The distinct values, in order, and the place of every value among them, shape (n,)."""
        levels, codes = np.unique(self.values, return_inverse=True)
        return levels, codes

    def take(self, rows: np.ndarray) -> "Predictions":
        """Return the predictions for some of the rows, in the given order; `rows` holds indices or booleans."""
        return Predictions(self.values[rows], self.scores[rows] if self.classes else self.scores, self.classes)

    def part(self, start: int, end: int) -> "Predictions":
        """Return the predictions for the rows from `start` (included) to `end` (left out)."""
        return Predictions(
            self.values[start:end], self.scores[start:end] if self.classes else self.scores, self.classes
        )

    def score_of(self, label: str) -> np.ndarray:
        """Return the probability of one class for every row, shape (n,). Raises EvidenceError if it is unknown."""
        if label not in self.classes:
            raise EvidenceError(f"The model does not know the class '{label}'; it knows {', '.join(self.classes)}.")
        return np.asarray(self.scores[:, self.classes.index(label)])

    def same(self, other: "Predictions") -> bool:
        """Tell whether another model gave the very same numbers."""
        mine, theirs = ((model.scores if model.classes else model.values) for model in (self, other))
        return self.classes == other.classes and np.array_equal(mine, theirs)

    def finite(self) -> bool:
        """Tell whether every number in the predictions is finite."""
        numbers = self.scores if self.classes else self.values
        return bool(np.isfinite(np.asarray(numbers, dtype=float)).all())
