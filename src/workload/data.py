"""Where the payments come from: a compressed file in the repository. Yours may ask a warehouse."""

import os
from datetime import date
from pathlib import Path

import pandas as pd

FILE = "payments.csv.gz"


def load(since: date | None = None, until: date | None = None) -> pd.DataFrame:
    """Return the payments from the day `since` to before the day `until`, in the order of time.

    None is no bound. The file lies in the folder that GATEHOUSE_DATA names, or else in the repository's own data/.
    """
    rows = pd.read_csv(folder() / FILE, parse_dates=["paid_at", "labelled_on"])
    if since is not None:
        rows = rows[rows["paid_at"] >= pd.Timestamp(since)]
    if until is not None:
        rows = rows[rows["paid_at"] < pd.Timestamp(until)]
    return rows.sort_values("paid_at", kind="stable", ignore_index=True)


def folder() -> Path:
    """Return the folder that holds the data."""
    return Path(os.environ.get("GATEHOUSE_DATA") or Path(__file__).parents[2] / "data")
