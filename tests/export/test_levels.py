"""Tables: what a transformer of texts answers, for every level, and what no table can say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from gatehouse.contract import Column, Contract
from gatehouse.export import levels
from gatehouse.export.refusal import RefusedError

ROWS = pd.DataFrame({"size": ["S", "L", "S"], "town": ["Rome", "Oslo", np.nan]}, dtype=object)
CONTRACT = Contract(
    (
        Column("size", "category", categories=("S", "M", "L")),
        Column("town", "category"),
        Column("y", "category", "target"),
    ),
    "binary",
    "1",
)
KNOWN = levels.vocabulary(CONTRACT, ROWS)


def test_vocabulary_numbers_levels():
    """A column has the levels of schema and data, and room for a new one and for none."""
    assert KNOWN.levels == {"size": ("L", "M", "S"), "town": ("Oslo", "Rome")}
    assert (KNOWN.first("size"), KNOWN.first("town"), KNOWN.size) == (0, 5, 9)


def test_table_adds_columns():
    """The sum of two rows is what the transformer answers for two texts."""
    encoder = OneHotEncoder(handle_unknown="ignore").fit(ROWS)
    table = levels.tabulated(encoder, list(ROWS), KNOWN, ROWS.head(1))
    asked = pd.DataFrame({"size": ["M", "S"], "town": [np.nan, "Bern"]}, dtype=object)
    assert table.transform([[1, 8], [2, 7]]).tolist() == encoder.transform(asked).toarray().tolist()


def test_refused_level_is_nan():
    """Where the transformer refuses a level, listed or new, the table says that there is no number."""
    table = levels.tabulated(OrdinalEncoder().fit(ROWS), list(ROWS), KNOWN, ROWS.head(1)).table
    np.testing.assert_array_equal(table[:5, 0], [0, np.nan, 1, np.nan, np.nan])


def test_large_table_is_refused(monkeypatch):
    """A table that would outweigh the model is refused with its size."""
    monkeypatch.setattr(levels, "MOST_CELLS", 10)
    with pytest.raises(RefusedError, match="size and town would need a table of 45 numbers"):
        levels.tabulated(OneHotEncoder(handle_unknown="ignore").fit(ROWS), list(ROWS), KNOWN, ROWS.head(1))


class Joined(OrdinalEncoder):
    """Codes two texts as one."""

    def transform(self, X):
        """Return one column of two."""
        return super().transform(X).prod(axis=1, keepdims=True)


def test_mixed_columns_are_refused():
    """A column that comes from two texts is refused, and both are named."""
    encoder = Joined(handle_unknown="use_encoded_value", unknown_value=-1)
    rows = pd.DataFrame({"size": ["S", "L"], "town": ["Rome", "Oslo"]}, dtype=object)
    with pytest.raises(RefusedError, match="Joined mixes size with town"):
        levels.tabulated(encoder.fit(rows), list(ROWS), KNOWN, rows.head(1))
