"""The patients as scikit-learn brings them; their order is time, so positions are row numbers."""

import pandas as pd
from sklearn.datasets import load_diabetes


def load(since: int | None = None, until: int | None = None) -> pd.DataFrame:
    """Return the patients from number `since` to before number `until`; the sex is a code, so it becomes text."""
    rows = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    sex = rows["sex"].astype(int).astype(str)
    return rows.assign(sex=sex, patient=[f"patient-{number}" for number in range(len(rows))]).iloc[since:until]
