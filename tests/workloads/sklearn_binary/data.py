"""The rows as scikit-learn brings them; their order is time, so positions are row numbers."""

import pandas as pd
from sklearn.datasets import load_breast_cancer


def load(since: int | None = None, until: int | None = None) -> pd.DataFrame:
    """Return the rows from number `since` to before number `until`."""
    rows = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "benign"})
    return rows.assign(row=range(len(rows))).iloc[since:until]
