"""Rows to try an exported model on: those that judge, and as strange ones as its users may send."""

from typing import Any

import numpy as np
import pandas as pd

from gatehouse.contract import Column, Contract
from gatehouse.export.levels import TEXTS
from gatehouse.predictions import Predictions
from gatehouse.serving.onnx_model import Input, OnnxModel

# Of the cells of made-up rows: so many come from another row, lie on a split, are new, or are missing.
SWAPPED, SPLIT, NEW, MISSING = 0.2, 0.15, 0.05, 0.05
# One made-up row in so many is near the threshold.
NEAR = 10


def rows(model: OnnxModel, contract: Contract, held: pd.DataFrame, training: pd.DataFrame, made: int) -> pd.DataFrame:
    """Return the held-out rows, and so many rows made of them; both tables are the contract's.

    A made-up cell may come from a training row, lie halfway between two training values (where trees split), be a
    level that nobody has seen, or be missing, where the model takes such a value. One row in ten is chosen from as many
    as are made, because it is the nearest to the threshold, where a small difference makes another label.
    """
    random = np.random.default_rng(0)
    any_rows, crowd = (_strange(model, contract, held, training, made, random) for _ in range(2))
    close = nearest(model.predict_table(crowd), made // NEAR)
    return pd.concat([held, any_rows.head(made - len(close)), crowd.iloc[close]], ignore_index=True)


def nearest(answers: Predictions, rows: int) -> np.ndarray:
    """Return the places of the rows whose two highest scores are the closest, shape (rows,); of no classes, none."""
    if len(answers.classes) < 2:
        return np.empty(0, dtype=int)
    highest = np.sort(answers.scores, axis=1)[:, -2:]
    found: np.ndarray = np.argsort(highest[:, 1] - highest[:, 0], kind="stable")[:rows]
    return found


def _strange(
    model: OnnxModel, contract: Contract, held: pd.DataFrame, training: pd.DataFrame, made: int,
    random: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Return rows made of held-out ones."""
    strange = held.iloc[random.integers(0, len(held), made)].reset_index(drop=True)
    for column, taken in zip(contract.features, model.inputs, strict=True):
        strange[column.name] = _changed(strange[column.name], training[column.name], column, taken, random)
    return strange


def _changed(
    cells: pd.Series, known: pd.Series, column: Column, taken: Input, random: np.random.Generator
) -> pd.Series:
    """Return a column's cells with a part of them replaced."""
    values, n = cells.to_numpy().copy(), len(cells)
    draw = random.random(n)
    present = known.dropna().to_numpy()
    if len(present):
        others, splits = random.choice(present, n), _splits(present, column, n, random)
        values = np.where(draw < SWAPPED, others, values)
        values = np.where((draw >= SWAPPED) & (draw < SWAPPED + SPLIT), splits, values)
    if column.kind in TEXTS and taken.new is not None:
        new = np.array([f"new {number}" for number in range(n)], dtype=object)
        values = np.where(draw > 1 - NEW, new, values)
    if taken.missing is not None:
        values = np.where((draw > 1 - NEW - MISSING) & (draw <= 1 - NEW), np.nan, values)
    return pd.Series(values, dtype=cells.dtype)


def _splits(present: np.ndarray, column: Column, n: int, random: np.random.Generator) -> Any:
    """Return values from halfway between two neighbours; where there is no halfway, any values."""
    levels = np.unique(present)
    if column.kind != "number" or len(levels) < 2:
        return random.choice(present, n)
    place = random.integers(0, len(levels) - 1, n)
    return levels[place] / 2 + levels[place + 1] / 2
