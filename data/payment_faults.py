"""Planted faults: what happens to real data, done to the example's on purpose. Each returns a changed copy."""

from collections.abc import Callable

import numpy as np
import pandas as pd

SEED = 7


def covariate_shift(rows: pd.DataFrame, column: str = "amount", factor: float = 1.6) -> pd.DataFrame:
    """Multiply a number by `factor`; the labels stay."""
    return rows.assign(**{column: rows[column] * factor})


def prior_shift(rows: pd.DataFrame, positives: float = 0.3, seed: int = SEED) -> pd.DataFrame:
    """Leave out rows of one label until the share of suspicious payments is `positives`; the order stays."""
    rng = np.random.default_rng(seed)
    positive = (rows["suspicious"] == 1).to_numpy()
    share = positive.mean()
    ratio = (positives / (1 - positives)) / (share / (1 - share))
    keep = np.where(positive, min(ratio, 1.0), min(1 / ratio, 1.0))
    return rows[rng.random(len(rows)) < keep].reset_index(drop=True)


def concept_drift(
    rows: pd.DataFrame, column: str = "device", level: str = "ios", share: float = 0.5, seed: int = SEED
) -> pd.DataFrame:
    """Turn the label of a `share` of the rows of one slice around; no feature changes."""
    rng = np.random.default_rng(seed)
    turned = (rows[column] == level).to_numpy() & (rng.random(len(rows)) < share)
    return rows.assign(suspicious=np.where(turned, 1 - rows["suspicious"], rows["suspicious"]))


def missing_spike(
    rows: pd.DataFrame, column: str = "distance_km", share: float = 0.4, seed: int = SEED
) -> pd.DataFrame:
    """Lose a `share` of the values of one column."""
    rng = np.random.default_rng(seed)
    return rows.assign(**{column: rows[column].mask(rng.random(len(rows)) < share)})


def renamed_column(rows: pd.DataFrame, column: str = "distance_km", name: str = "dist_km") -> pd.DataFrame:
    """Give a column another name, as a system upstream might do in an update."""
    return rows.rename(columns={column: name})


def impossible_values(
    rows: pd.DataFrame, column: str = "amount", value: float = -100.0, share: float = 0.01, seed: int = SEED
) -> pd.DataFrame:
    """Put a value that cannot be into a `share` of the rows, and into one row at least."""
    rng = np.random.default_rng(seed)
    broken = rng.random(len(rows)) < share
    broken[:1] = True
    return rows.assign(**{column: rows[column].mask(broken, value)})


FAULTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "covariate_shift": covariate_shift,
    "prior_shift": prior_shift,
    "concept_drift": concept_drift,
    "missing_spike": missing_spike,
    "renamed_column": renamed_column,
    "impossible_values": impossible_values,
}
