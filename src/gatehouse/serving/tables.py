"""Tables of rows, with the columns and dtypes that the model was trained on, as cheaply as pandas makes them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from gatehouse.contract import Column

Rows: TypeAlias = Sequence[Mapping[str, Any]]
TEXTS = ("category", "time")


class Table:
    """Makes tables of some columns, as `Contract.frame` does, from rows that fit the contract.

    Where all of them are numbers, or all texts, that is one array, and takes a tenth of the time.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        # Made once: pandas takes longer for the names than for the numbers.
        self._names = pd.Index([column.name for column in columns])
        self._texts = {column.name: column.kind in TEXTS for column in columns}
        self.alike = len(set(self._texts.values())) == 1

    def array(self, rows: Rows) -> np.ndarray:
        """Return what a table of columns that are `alike` holds: texts and NaN, or numbers; (rows, columns)."""
        # A table holds each column in one piece, and a sum over pieces may differ in its last bit.
        return np.array([_cells(rows, name, texts=texts) for name, texts in self._texts.items()]).T

    def of(self, rows: Rows) -> pd.DataFrame:
        """Return a table of rows in which None stands where a value is missing."""
        if self.alike:
            kept = self.array(rows)
            return pd.DataFrame(kept, columns=self._names, dtype=kept.dtype, copy=False)
        cells = {name: _cells(rows, name, texts=texts) for name, texts in self._texts.items()}
        # As a series, because pandas would look through an array for texts, and give it another dtype.
        return pd.DataFrame(
            {name: pd.Series(found, dtype=object) if self._texts[name] else found for name, found in cells.items()}
        )

    def column(self, rows: Rows) -> pd.Series:
        """Return the first column alone."""
        return self.of(rows).iloc[:, 0]


def _cells(rows: Rows, name: str, *, texts: bool) -> np.ndarray:
    if not texts:
        return np.array([row[name] for row in rows], dtype=float)
    return np.array([np.nan if (cell := row[name]) is None else cell for row in rows], dtype=object)
