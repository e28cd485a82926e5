"""What check_workload asks of a workload's schema and data: each function says what is wrong, or nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatehouse import holdout
from gatehouse.config import Config, Position
from gatehouse.gates import data
from gatehouse.stages import schema_failures
from gatehouse.workload import Workload


@dataclass(frozen=True)
class Trial:
    """A workload and all of its rows."""

    workload: Workload
    config: Config
    rows: pd.DataFrame

    @property
    def time(self) -> str | None:
        """The name of the column of time, or None where positions are row numbers."""
        return self.workload.contract.named("time")


def roles(trial: Trial) -> str:
    """Ask for a key by which rows are held out, for features, and for at most one column of each other role."""
    contract = trial.workload.contract
    if contract.named("group") is None and contract.named("id") is None:
        return "No column has the role 'group' or 'id', so no row can be held out. Add metadata={'role': 'id'}."
    if not contract.features:
        return "No column is a feature: each has another role, or is known only after the event."
    for role in ("id", "group", "time", "label_time"):
        named = [column.name for column in contract.columns if column.role == role]
        if len(named) > 1:
            return f"{len(named)} columns have the role '{role}', and one may: {', '.join(named)}."
    return ""


def schema(trial: Trial) -> str:
    """Ask that the schema accepts every row."""
    found = schema_failures.find(trial.rows, trial.workload.schema, trial.workload.contract)
    return " ".join(data.sentence(failure, len(trial.rows)) for failure in found)


def labels(trial: Trial) -> str:
    """Ask for labels: two classes or more, the positive one among them, or numbers that differ."""
    contract = trial.workload.contract
    found = np.unique(contract.labels(holdout.labelled(trial.rows, contract)))
    if len(found) < 2:
        return f"'{contract.target}' holds {len(found)} different labels, and a model needs two."
    if contract.task == "binary" and (len(found) > 2 or contract.positive not in found):
        return f"'{contract.target}' is binary with positive {contract.positive}, and holds {', '.join(found)}."
    return ""


def repeatable(trial: Trial) -> str:
    """Ask that the same window is the same data."""
    again = trial.workload.load(None, None)
    same = holdout.fingerprint(again) == holdout.fingerprint(trial.rows)
    return "" if same else "load(None, None) gave other rows, or another order, the second time."


def order(trial: Trial) -> str:
    """Ask that rows are sorted by time, where they have one."""
    if trial.time is None or trial.rows[trial.time].is_monotonic_increasing:
        return ""
    return f"load does not return the rows in the order of '{trial.time}'. Sort them there."


def windows(trial: Trial) -> str:
    """Ask that the rows before a position and those from it on are all rows, each once."""
    middle = position_of(trial, len(trial.rows) // 2)
    before, after = trial.workload.load(None, middle), trial.workload.load(middle, None)
    if before.empty or after.empty:
        return f"load(None, {middle}) gave {len(before)} rows and load({middle}, None) {len(after)}; both need some."
    joined = pd.concat([before, after], ignore_index=True)
    if holdout.fingerprint(joined) != holdout.fingerprint(trial.rows):
        return (
            f"load(None, {middle}) and load({middle}, None) together are not load(None, None): `since` belongs to "
            f"a window and `until` does not."
        )
    return outside(trial, before, after, middle) or empty(trial, middle)


def outside(trial: Trial, before: pd.DataFrame, after: pd.DataFrame, middle: Position) -> str:
    """Ask that no row lies beyond its window's bound."""
    if isinstance(middle, int) or trial.time is None:
        wrong = len(before) != middle
        return f"load(None, {middle}) gave {len(before)} rows: row numbers count from 0." if wrong else ""
    bound = pd.Timestamp(str(middle))
    late = before[trial.time].dt.tz_localize(None) >= bound
    early = after[trial.time].dt.tz_localize(None) < bound
    return f"{late.sum() + early.sum()} rows lie outside of their window." if late.any() or early.any() else ""


def empty(trial: Trial, middle: Position) -> str:
    """Ask that a window without length has no rows."""
    rows = trial.workload.load(middle, middle)
    return "" if rows.empty else f"load({middle}, {middle}) gave {len(rows)} rows: `until` does not belong to a window."


def sides(trial: Trial) -> str:
    """Ask that the holdout leaves rows to train on and rows to judge by; `split` raises when it does not."""
    contract = trial.workload.contract
    holdout.split(holdout.labelled(trial.rows, contract), contract, trial.config.holdout)
    return ""


def position_of(trial: Trial, row: int) -> Position:
    """Return the position of a row: its day, or its number."""
    return row if trial.time is None else pd.Timestamp(trial.rows[trial.time].iloc[row]).date()
