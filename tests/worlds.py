"""A small made-up world of customers, with a column of every kind, that can be moved in known ways."""

import numpy as np
import pandas as pd

from gatehouse.contract import Column, Contract
from gatehouse.predictions import Predictions

CONTRACT = Contract(
    columns=(
        Column("id", "category", role="id"),
        Column("amount", "number", maximum_missing=0.5),
        Column("age", "integer"),
        Column("children", "integer"),
        Column("member", "boolean"),
        Column("country", "category", categories=("DE", "FR", "IT", "MT"), maximum_missing=0.5),
        Column("since", "time"),
        Column("diagnosis", "category", sensitive=True),
        Column("paid", "category", role="target"),
    ),
    task="binary",
    positive="yes",
)


def rows(random: np.random.Generator, n: int = 1000, shift: float = 0.0) -> pd.DataFrame:
    """Return n customers; `shift` moves the logarithm of the amount by so many standard deviations."""
    return pd.DataFrame(
        {
            "id": np.arange(n).astype(str),
            "amount": np.exp(random.normal(shift, 1, n)),
            "age": random.integers(18, 90, n),
            "children": random.poisson(1, n),
            "member": random.random(n) < 0.4,
            "country": pd.Series(random.choice(["DE", "FR", "IT"], n, p=[0.5, 0.3, 0.2]), dtype=object),
            "since": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(n), unit="min"),
            "diagnosis": pd.Series(random.choice(["a", "b"], n), dtype=object),
        }
    )


def answers(random: np.random.Generator, n: int = 1000, lean: float = 0.0) -> Predictions:
    """Return a model's answers to n customers; `lean` moves the log-odds of yes."""
    score = 1 / (1 + np.exp(-random.normal(lean - 1, 1, n)))
    return Predictions(np.where(score > 0.5, "yes", "no"), np.column_stack([1 - score, score]), ("no", "yes"))
