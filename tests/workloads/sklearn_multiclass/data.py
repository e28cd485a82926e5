"""The pictures as scikit-learn brings them; their order is time, so positions are row numbers."""

import pandas as pd
from sklearn.datasets import load_digits


def load(since: int | None = None, until: int | None = None) -> pd.DataFrame:
    """Return the pictures from number `since` to before number `until`."""
    rows = load_digits(as_frame=True).frame.rename(columns={"target": "digit"})
    return rows.assign(picture=[f"picture-{number}" for number in range(len(rows))]).iloc[since:until]
