"""Features that are missing, or hold one value, exactly where the label is of one kind.

Whether a column is at a level is an indicator, and its AUC for a class is the mean of two shares: of the class's rows
that are at the level, and of the others that are not. For a regression it is the AUC of the label for the indicator:
1 where a column is missing above some label and nowhere below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gatehouse.contract import Column
from gatehouse.gates import leakage, strength
from gatehouse.gates.leakage import Knobs
from gatehouse.gates.strength import FEWEST, Target
from gatehouse.verdicts import Check, Decision

NAME = "missing or constant by label"


@dataclass(frozen=True)
class Gap:
    """Where one column is missing, or at `level`: with the AUC `value`, of the class `side`, or of all but it.

    `rows` is the indicator, shape (n,). `level` is None where the column is missing.
    """

    column: Column
    level: Any
    value: float
    side: int
    turned: bool
    rows: np.ndarray


def judge(frame: pd.DataFrame, columns: Sequence[Column], target: Target, n: int, knobs: Knobs) -> Check:
    """Judge where features are missing or constant; `n` is the number of rows before sampling.

    One that is proven to tell the label rejects; one that does, and is not proven, holds.
    """
    found = [of(frame[column.name], column, target) for column in columns if column.name not in knobs.known]
    gaps = sorted((gap for gap in found if gap), key=lambda gap: -gap.value)
    if not gaps:
        return Check(NAME, Decision.PROMOTE, "No feature is missing or repeats a value on 30 rows or more.", n=n)
    above = [gap for gap in gaps if gap.value > knobs.strength]
    proven = [gap for gap in above if bounds(gap, target, knobs.strength_confidence)[0] > knobs.strength]
    decision = Decision.REJECT if proven else Decision.HOLD if above else Decision.PROMOTE
    worst = (proven or gaps)[0]
    why = f"No feature is missing, or constant, exactly where the label is of one kind, on {leakage.counted(n, knobs)}."
    if above:
        why = f"{sentence(worst, target)} {leakage.advice([gap.column.name for gap in proven or above], bool(proven))}"
    ends = bounds(worst, target, knobs.strength_confidence)
    details = {"feature": worst.column.name, "nearest": sentence(worst, target)}
    return Check(NAME, decision, why, worst.value, knobs.strength, ends, n, details=details)


def of(values: pd.Series, column: Column, target: Target) -> Gap | None:
    """Return the level of a column, missing among them, that tells most; None where it repeats and lacks nothing."""
    codes, levels = pd.factorize(values, use_na_sentinel=False)
    rows = np.bincount(codes)
    usable = np.flatnonzero(np.minimum(rows, len(codes) - rows) >= FEWEST)
    if not usable.size:
        return None
    told = np.column_stack([np.bincount(codes, weights=side) for side in target.sides.T.astype(float)])[usable]
    differences = _by_class(told, rows[usable], target) if target.names else _by_rank(told, rows[usable], len(codes))
    place, side = np.unravel_index(np.abs(differences).argmax(), differences.shape)
    best, level = differences[place, side], levels[usable[place]]
    return Gap(column, None if pd.isna(level) else level, float(1 + abs(best)) / 2, int(side), bool(best < 0),
               codes == usable[place])  # fmt: skip


def bounds(gap: Gap, target: Target, confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bound of a gap's AUC, each at `confidence`."""
    side = target.sides[:, gap.side]
    error = strength.auc_error(side, gap.rows.astype(float)) if target.names else strength.auc_error(gap.rows, side)
    margin = strength.quantile(confidence) * error
    return max(0.0, gap.value - margin), min(1.0, gap.value + margin)


def sentence(gap: Gap, target: Target) -> str:
    """Say where a column is missing or constant; the value of a sensitive column is not told."""
    held = "has one value" if gap.column.sensitive else f"is '{gap.level}'"
    state = "is missing" if gap.level is None else held
    if not target.names:
        return f"'{gap.column.name}' {state} where the label is {'low' if gap.turned else 'high'}, AUC {gap.value:.3f}."
    side = target.sides[:, gap.side] != gap.turned
    inside, outside = int((gap.rows & side).sum()), int((gap.rows & ~side).sum())
    return (
        f"'{gap.column.name}' {state} in {inside:,} of {int(side.sum()):,} rows whose label is "
        f"{'not ' if gap.turned else ''}'{target.names[gap.side]}', and in {outside:,} of the {int((~side).sum()):,} "
        f"others: AUC {gap.value:.3f}."
    )


def _by_class(told: np.ndarray, rows: np.ndarray, target: Target) -> np.ndarray:
    """Return 2·AUC - 1 of every level for every class: the share at the level inside, less that outside."""
    ups = target.sides.sum(axis=0)
    return np.asarray(told / ups - (rows[:, None] - told) / (len(target.sides) - ups))


def _by_rank(told: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Return 2·AUC - 1 of the label's ranks, of which `told` has the sum at every level, for being there."""
    count = rows[:, None]
    return np.asarray(2 * (told - count * (count + 1) / 2) / (count * (n - count)) - 1)
