"""Texts become numbers before they reach ONNX: each known level has one, and what is new or missing has one as well.

What a transformer makes of a text it can only make of its level, so it is asked once for each, and its answers become
a table. Any transformer of scikit-learn will do, as long as each of its columns comes from one column of the rows; that
is tried, not believed.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from gatehouse.contract import Contract
from gatehouse.export.refusal import RefusedError

TEXTS = ("category", "time")
# No schema lists it, and no data holds it.
NEW_LEVEL = "\0a level that nobody has seen"
# A table of doubles with more cells would outweigh the model.
MOST_CELLS = 5_000_000


@dataclass(frozen=True)
class Vocabulary:
    """The levels of every text column, and the number at which each column's begin.

    Behind a column's levels stand two more numbers: one for a level that is new, one for a missing value.
    """

    levels: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(len(found) + 2 for found in self.levels.values())

    def first(self, name: str) -> int:
        """Return the number of a column's first level."""
        start = 0
        for column, found in self.levels.items():
            if column == name:
                return start
            start += len(found) + 2
        raise KeyError(name)


def vocabulary(contract: Contract, features: pd.DataFrame) -> Vocabulary:
    """Return the levels that the schema lists or the training rows hold."""
    texts = [column for column in contract.features if column.kind in TEXTS]
    return Vocabulary(
        {column.name: tuple(sorted({*(column.categories or ()), *features[column.name].dropna()})) for column in texts}
    )


class LevelTable(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Stands in an exported pipeline for a transformer of texts: the sum of one table row for each number it is given.

    Shape of `table`: (numbers of the vocabulary, columns given back).
    """

    def __init__(self, table: np.ndarray) -> None:
        self.table = table

    def transform(self, numbers: Any) -> np.ndarray:
        """Add up the rows of numbers, shape (n, columns)."""
        summed: np.ndarray = self.table[np.asarray(numbers, dtype=int)].sum(axis=1)
        return summed


def tabulated(transformer: Any, names: Sequence[str], known: Vocabulary, example: pd.DataFrame) -> LevelTable:
    """Ask a fitted transformer for every level of its columns, the others being as in the one row of `example`.

    Raises RefusedError when its table would be too large, or one of its columns comes from two.
    """
    answers = {name: _answers(transformer, names, name, known.levels[name], example) for name in names}
    width = max(found.shape[1] for found in answers.values())
    if known.size * width > MOST_CELLS:
        raise RefusedError(f"{' and '.join(names)} would need a table of {known.size * width:,} numbers")
    table = np.zeros((known.size, width))
    for column in range(width):
        varying = [name for name in names if _varies(answers[name], column)]
        if len(varying) > 1:
            raise RefusedError(f"{_kind(transformer)} mixes {' with '.join(varying)}")
        owner = varying[0] if varying else names[0]
        first = known.first(owner)
        table[first : first + len(answers[owner]), column] = answers[owner][:, column]
    return LevelTable(table)


def _answers(
    transformer: Any, names: Sequence[str], name: str, found: Sequence[str], example: pd.DataFrame
) -> np.ndarray:
    """Return what becomes of each level of a column, then of a new one, then of none; NaN for what is refused."""
    try:
        return _transformed(transformer, _rows(names, name, [*found, NEW_LEVEL, np.nan], example))
    except (ValueError, TypeError):
        width = _transformed(transformer, example[list(names)]).shape[1]
    answers = np.full((len(found) + 2, width), np.nan)
    for place, value in enumerate([*found, NEW_LEVEL, np.nan]):
        with suppress(ValueError, TypeError):
            answers[place] = _transformed(transformer, _rows(names, name, [value], example))[0]
    return answers


def _rows(names: Sequence[str], name: str, values: Sequence[Any], example: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat([example[list(names)]] * len(values), ignore_index=True)
    rows[name] = pd.Series(list(values), dtype=object)
    return rows


def _transformed(transformer: Any, rows: pd.DataFrame) -> np.ndarray:
    made = transformer.transform(rows)
    try:
        return np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise RefusedError(f"{_kind(transformer)} does not make numbers of texts") from error


def _varies(answers: np.ndarray, column: int) -> bool:
    """Tell whether a column answers otherwise to one level than to another; refused ones, all NaN, do not count."""
    values = answers[~np.isnan(answers).all(axis=1), column]
    return bool(len(values)) and not np.array_equal(values, np.full(len(values), values[0]), equal_nan=True)


def _kind(transformer: Any) -> str:
    return type(transformer).__name__
