"""A pipeline that begins with a ColumnTransformer, from rows: half of what it costs to answer a few.

A ColumnTransformer is given a table of all columns, and cuts one out of it for each of its transformers; that takes
longer than what they do. Here each of them is given its own table at once, or an array where it makes one of each
column. They are the pipeline's own, in its order, with its weights, so the numbers are the same to the last bit. A
pipeline of another kind, or for which that is not so, is given the table of all columns as ever.
"""

import copy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.utils import check_array

from gatehouse.bundle import Model
from gatehouse.contract import Contract
from gatehouse.serving import values
from gatehouse.serving.tables import Rows, Table

# What makes an estimator's input of rows.
Features: TypeAlias = Callable[[Rows], Any]
# They make an array of each column, which takes them as long as all else.
ENCODERS = (OneHotEncoder, OrdinalEncoder)


@dataclass(frozen=True)
class Part:
    """A fitted transformer, and what `given` makes of rows for it: a table of its columns, an array, or one column."""

    transformer: Any
    given: Features
    weight: float | None

    def of(self, rows: Rows) -> Any:
        """Return what the transformer makes of rows. Raises whatever it does."""
        found = self.transformer.transform(self.given(rows))
        return found if self.weight is None else found * self.weight


class Columns:
    """What a fitted ColumnTransformer does, part by part."""

    def __init__(self, fitted: ColumnTransformer, contract: Contract) -> None:
        known = {column.name: column for column in contract.features}
        weights = fitted.transformer_weights or {}
        self._sparse = fitted.sparse_output_
        self._parts: list[Part] = []
        for name, transformer, columns in fitted.transformers_:
            names = named(columns, fitted.feature_names_in_)
            if isinstance(transformer, str) or not names:  # dropped
                continue
            table, weight = Table([known[one] for one in names]), weights.get(name)
            if np.isscalar(columns):
                self._parts.append(Part(transformer, table.column, weight))
            elif type(transformer) in ENCODERS and table.alike:
                self._parts.append(Part(nameless(transformer), table.array, weight))
            else:
                self._parts.append(Part(transformer, table.of, weight))

    def of(self, rows: Rows) -> Any:
        """Return the matrix of rows. Raises whatever a transformer does."""
        found = [part.of(rows) for part in self._parts]
        if self._sparse:
            return sparse.hstack(
                [check_array(one, accept_sparse=True, ensure_all_finite=False) for one in found]
            ).tocsr()
        return np.hstack([dense(one) for one in found])


def nameless(transformer: Any) -> Any:
    """Return a fitted transformer that does not miss the names of the columns that it learned from."""
    found = copy.copy(transformer)
    vars(found).pop("feature_names_in_", None)
    return found


def dense(matrix: Any) -> Any:
    """Return a matrix as it is, or with its zeros where it was kept without them."""
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def named(columns: Any, names: Sequence[str]) -> list[str]:
    """Return the names of the columns that a transformer is given, which are told by name, place, slice or mask.

    Raises IndexError or TypeError for what is none of these, as a slice by names is.
    """
    if isinstance(columns, str):
        return [columns]
    if not isinstance(columns, slice) and all(isinstance(one, str) for one in np.atleast_1d(columns)):
        return list(columns)
    return [str(one) for one in np.atleast_1d(np.asarray(names, dtype=object)[columns])]


def split(model: Model) -> tuple[Features, Model]:
    """Return what makes the input of rows, and the model that is given it."""
    whole = Table(model.contract.features).of
    pipeline = model.estimator
    if type(pipeline) is not Pipeline or len(pipeline.steps) == 1 or type(pipeline[0]) is not ColumnTransformer:
        return whole, model
    try:
        columns = Columns(pipeline[0], model.contract).of
        if not proven(columns, lambda rows: pipeline[0].transform(whole(rows)), examples(model.contract)):
            return whole, model
    except Exception:  # whatever a transformer raises that is not as it was when this was written
        return whole, model
    rest = pipeline[1:] if len(pipeline.steps) > 2 else pipeline[1]
    return columns, Model(rest, model.contract)


def examples(contract: Contract) -> list[dict[str, Any]]:
    """Return two rows that fit the contract, the second with a gap in each column that may have one."""
    full = {column.name: values.example(column) for column in contract.features}
    gaps = {column.name: None for column in contract.features if column.maximum_missing > 0}
    return [full, full | gaps]


def proven(columns: Features, expected: Features, rows: Rows) -> bool:
    """Tell whether two ways to make the input give the same for rows, leaving out those that the second refuses."""
    shown = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in rows:
            try:
                wanted = expected([row, row])
            except ValueError:
                continue
            if told(columns([row, row])) != told(wanted):
                return False
            shown += 1
    return shown > 0


def told(matrix: Any) -> tuple[Any, ...]:
    """Return what is to be the same of two matrices: their type, their dtype, and every number."""
    numbers = np.asarray(dense(matrix))
    return type(matrix), numbers.dtype, repr(numbers.tolist())
