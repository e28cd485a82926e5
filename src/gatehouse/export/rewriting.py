"""A fitted pipeline, rewritten so that all of it takes one matrix of numbers."""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from gatehouse.contract import Contract
from gatehouse.export import levels
from gatehouse.export.levels import LevelTable, Vocabulary
from gatehouse.export.refusal import RefusedError

# What is set before fitting, and never predicts.
UNFITTED = ("transformers", "estimator", "base_estimator", "estimators")
CODING = "_preprocessor"


class Coding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Stands in an exported pipeline for what boosted trees do with their categories.

    `parts` holds a transformer and the places of its columns, the categories' before the numbers', which have none.
    """

    def __init__(self, parts: list[tuple[Any, list[int]]]) -> None:
        self.parts = parts

    def transform(self, rows: Any) -> Any:
        """Code the categories in a matrix of numbers."""
        coded = [rows[:, places] if part is None else part.transform(rows[:, places]) for part, places in self.parts]
        return np.column_stack(coded)


@dataclass
class Rewriting:
    """What a pipeline is rewritten by; `used` fills with the text columns that a table was made for."""

    names: list[str]
    known: Vocabulary
    example: pd.DataFrame
    used: set[str] = field(default_factory=set)

    def visit(self, part: Any) -> Any:
        """Return a part of a pipeline, rewritten with all that is below it; the part itself is spent."""
        if isinstance(part, ColumnTransformer):
            return self._columns(part)
        if type(part) in (list, tuple):
            return type(part)(self.visit(item) for item in part)
        if type(part).__module__.startswith("sklearn.") and hasattr(part, "__dict__"):
            fitted = isinstance(part, BaseEstimator) and any(name.endswith("_") for name in vars(part))
            for name, value in list(vars(part).items()):
                if name != CODING and not (fitted and name in UNFITTED):
                    setattr(part, name, self.visit(value))
            return self._boosted(part)
        return part

    def _columns(self, part: ColumnTransformer) -> ColumnTransformer:
        """Name columns by their places, and replace what takes texts by its table."""
        first = list(getattr(part, "feature_names_in_", ())) == self.names
        rewritten = []
        for name, transformer, _ in part.transformers_:
            places = [int(place) for place in part._transformer_to_input_indices.get(name, ())]
            taken = [self.names[place] for place in places] if first else []
            if isinstance(transformer, str) or getattr(transformer, "func", transformer) is None:
                made = "drop" if transformer == "drop" else "passthrough"
            elif any(column in self.known.levels for column in taken):
                made = self.table(transformer, taken)
            else:
                made = self.visit(transformer)
            rewritten.append((name, made, places))
        part.transformers_ = rewritten
        return part

    def table(self, transformer: Any, taken: list[str]) -> LevelTable:
        """Return what stands for a transformer of these columns. Raises RefusedError when one of them holds numbers."""
        numbers = [column for column in taken if column not in self.known.levels]
        if numbers:
            text = next(column for column in taken if column in self.known.levels)
            raise RefusedError(f"{type(transformer).__name__} takes {text}, a text, beside {numbers[0]}")
        self.used.update(taken)
        return levels.tabulated(transformer, taken, self.known, self.example)

    def _boosted(self, part: Any) -> Any:
        """Take out of boosted trees the step that codes their categories, so that it is converted as one of its own."""
        coding = vars(part).get(CODING)
        if not isinstance(coding, ColumnTransformer):
            return part
        part._preprocessor = None
        # Its numbers pass a function that only looks at them.
        coded = self._columns(coding).transformers_
        parts = [(transformer if name == "encoder" else None, places) for name, transformer, places in coded]
        return Pipeline([("categories", Coding(parts)), ("trees", part)])


def rewritten(estimator: Any, contract: Contract, features: pd.DataFrame) -> tuple[Any, Vocabulary, set[str]]:
    """Return a copy of a fitted estimator that takes a matrix of numbers, and the levels that its texts may have.

    The copy can be converted, and can predict no more; the set names the text columns that it reads. Raises
    RefusedError when a part of it takes texts in a way that no table can say.
    """
    names = [column.name for column in contract.features]
    known = levels.vocabulary(contract, features)
    work = Rewriting(names, known, features.head(1))
    estimator = copy.deepcopy(estimator)
    first = estimator.steps[0][1] if isinstance(estimator, Pipeline) else None
    if isinstance(first, BaseEstimator) and not isinstance(first, ColumnTransformer) and list(known.levels) == names:
        estimator.steps[0] = (estimator.steps[0][0], work.table(first, names))
    return work.visit(estimator), known, work.used
