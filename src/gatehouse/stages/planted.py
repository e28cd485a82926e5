"""Faults that a rehearsal plants, made of nothing but the user's own data and model."""

from typing import Any

import numpy as np
import pandas as pd

from gatehouse.contract import Contract

SHUFFLED_SHARE = 0.6


def spoiled(rows: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, str]:
    """Return rows as a broken pipeline delivers them, and what is wrong with them.

    One feature is renamed, another is empty where the schema forbids it, and a number leaves its range.
    """
    broken = rows.copy()
    required = [column for column in contract.features if column.maximum_missing == 0]
    renamed, emptied = required[0].name, required[-1].name
    broken[emptied] = broken[emptied].astype(object).where(np.arange(len(broken)) % 7 != 0, None)
    said = f"'{renamed}' renamed, '{emptied}' partly empty"
    bounded = [column for column in contract.features if column.maximum is not None and column.name != renamed]
    if bounded:
        outside = bounded[0]
        values = pd.to_numeric(broken[outside.name])
        broken[outside.name] = values.where(np.arange(len(broken)) % 11 != 0, 10 * float(outside.maximum or 0) + 1)
        said += f", '{outside.name}' out of its range"
    return broken.rename(columns={renamed: f"{renamed}_v2"}), said


def fit_on_shuffled_labels(
    estimator: Any, features: pd.DataFrame, labels: np.ndarray, share: float = SHUFFLED_SHARE, seed: int = 0
) -> Any:
    """Fit the user's estimator on labels of which a `share` was dealt out anew: a model that is plainly worse."""
    random = np.random.default_rng(seed)
    moved = np.flatnonzero(random.random(len(labels)) < share)
    worse = labels.copy()
    worse[moved] = labels[random.permutation(moved)]
    return estimator.fit(features, worse)
