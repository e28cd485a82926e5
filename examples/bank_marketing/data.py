"""The calls, from the file that BANK_MARKETING_CSV names. It has no dates: its order is time, so positions are rows."""

import os
from pathlib import Path

import pandas as pd

from bank_marketing.schema import SCHEMA

VARIABLE = "BANK_MARKETING_CSV"


def load(since: int | None = None, until: int | None = None) -> pd.DataFrame:
    """Return the calls from row number `since` to before row number `until`; None is no bound."""
    calls = pd.read_csv(path(), sep=";")
    calls.insert(0, "row", range(len(calls)))
    if "y" in calls and calls["y"].isin(["no", "yes"]).all():  # as the source writes it; some copies have 0 and 1
        calls["y"] = (calls["y"] == "yes").astype("int64")
    return calls.reindex(columns=[name for name in SCHEMA.columns if name in calls.columns]).iloc[since:until]


def path() -> Path:
    """Return the file of the calls. Raises OSError saying where it comes from when there is none."""
    name = os.environ.get(VARIABLE)
    if not name:
        raise FileNotFoundError(f"{VARIABLE} is not set: see README.md in examples/bank_marketing for the file.")
    return Path(name)
