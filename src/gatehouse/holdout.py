"""Which rows are held out: a stable hash of the row's group decides, so that it never changes sides.

A row's side depends on its own key only. However the window of training moves, no model has ever been trained on a
row that judges it, and champion and candidate are judged on the same rows.
"""

import hashlib
from typing import Annotated

import numpy as np
import pandas as pd

from gatehouse.contract import Contract
from gatehouse.errors import DataError
from gatehouse.knobs import Fraction, Looser, Share, knobs

# Changing it would move rows from one side to the other, and let a champion be judged on rows that it was trained on.
SALT = b"gatehouse-holdout-1"


@knobs
class Knobs:
    """`share` of the groups is held out; of those rows the newest `recent` share judges."""

    share: Annotated[Share, Looser("lower")] = 0.3
    recent: Annotated[Fraction, Looser("lower")] = 0.6


def hashed(keys: pd.Series, salt: bytes = SALT) -> np.ndarray:
    """Return a uniform number in [0, 1) for every key, shape (n,); the same key always gives the same number."""
    unique, inverse = np.unique(keys.astype(str).to_numpy(dtype=object), return_inverse=True)
    digests = [hashlib.blake2b(key.encode(), digest_size=8, key=salt).digest() for key in unique]
    numbers = np.array([int.from_bytes(digest, "big") / 2**64 for digest in digests])
    return np.asarray(numbers[inverse])


def labelled(rows: pd.DataFrame, contract: Contract, until: object = None) -> pd.DataFrame:
    """Return the rows whose label is known; with `until`, known before then, as it was on that day."""
    known = rows[contract.target].notna()
    when = contract.named("label_time")
    if when is not None and until is not None:
        known &= rows[when] < pd.Timestamp(str(until))
    return rows[known].reset_index(drop=True)


def split(
    rows: pd.DataFrame, contract: Contract, knobs: Knobs, salt: bytes = SALT
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (training rows, holdout rows) of labelled `rows`, which are in the order of time.

    The key is the group's column, or else the id's. Raises DataError when there is neither, or a side is empty.
    """
    key = contract.named("group") or contract.named("id")
    if key is None:
        raise DataError("The schema names no column with the role 'group' or 'id', so no row can be held out.")
    held = hashed(rows[key], salt) < knobs.share
    training, candidates = rows[~held], rows[held]
    judging = candidates.iloc[int(len(candidates) * (1 - knobs.recent)) :]
    if training.empty or judging.empty:
        raise DataError(f"{len(rows)} rows split into {len(training)} to train on and {len(judging)} held out.")
    return training, judging


def fingerprint(rows: pd.DataFrame) -> str:
    """Return the SHA-256 of the rows' content, whatever the order of their columns."""
    text = rows[sorted(rows.columns)].to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%S.%f")
    return hashlib.sha256(text.encode()).hexdigest()
