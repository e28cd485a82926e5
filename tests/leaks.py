"""Clean rows of an invented workload of every task, in which tests plant leaks."""

from dataclasses import replace

import numpy as np
import pandas as pd

from gatehouse import holdout
from gatehouse.contract import Column, Contract, Task
from gatehouse.gates.leakage import Knobs

KNOBS = Knobs()
DAY = pd.Timestamp("2026-01-01")
END = "2026-03-01"


def contract(task: Task = "binary", *extra: Column) -> Contract:
    """Return what `clean` holds, and other columns that a test adds."""
    columns = (
        Column("id", "category", "id"),
        Column("customer", "category", "group", sensitive=True),
        Column("at", "time", "time"),
        Column("amount", "number", maximum_missing=0.2),
        Column("age", "integer"),
        Column("shop", "category", maximum_missing=0.2),
        Column("device", "category"),
        Column("vip", "boolean"),
        *extra,
        Column("y", "number" if task == "regression" else "category", "target"),
        Column("known_on", "time", "label_time"),
    )
    return Contract(columns, task, "yes" if task == "binary" else None)


def clean(seed: int = 0, n: int = 800, task: Task = "binary") -> pd.DataFrame:
    """Return rows without a leak, in the order of time; amount and shop tell something of the label.

    `device` has a level for every three rows, and `shop` and `amount` are missing in one of ten.
    """
    random = np.random.default_rng(seed)
    amount, shop = random.lognormal(3, 1, n), random.integers(0, 6, n)
    drive = np.log(amount) - 3 + 0.3 * shop + random.normal(0, 1, n)
    labels = {
        "binary": np.where(drive > 1.7, "yes", "no"),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(drive, [0.2, 1.4])],
        "regression": drive,
    }
    at = DAY + pd.to_timedelta(np.sort(random.uniform(0, 50 * 86_400, n)), unit="s")
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(n)],
            "customer": [f"c{number}" for number in random.integers(0, n // 4, n)],
            "at": at,
            "amount": np.where(random.random(n) < 0.1, np.nan, amount),
            "age": random.integers(18, 90, n),
            "shop": pd.Series([f"shop {number}" for number in shop], dtype=object).where(random.random(n) > 0.1, None),
            "device": [f"d{number}" for number in random.integers(0, n // 3, n)],
            "vip": random.random(n) < 0.1,
            "y": labels[task],
            "known_on": at + pd.Timedelta("3D"),
        }
    )


def planted(rows: pd.DataFrame, values: object, column: Column | None = None) -> tuple[pd.DataFrame, Contract]:
    """Return rows with one column more, called `leak`, and the contract with it."""
    task: Task = (
        "regression" if rows["y"].dtype.kind == "f" else "binary" if set(rows["y"]) == {"yes", "no"} else "multiclass"
    )
    return rows.assign(leak=values), contract(task, column or Column("leak", "number"))


def sides(rows: pd.DataFrame, agreed: Contract | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that train and those that judge."""
    return holdout.split(rows, agreed or contract(), holdout.Knobs())


def later(name: str = "leak", kind: str = "number", **more: object) -> Column:
    """Return a post-event column."""
    return replace(Column(name, "number"), kind=kind, post_event=True, **more)
