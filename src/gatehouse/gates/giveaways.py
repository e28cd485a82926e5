"""Features that tell the label by themselves."""

from collections.abc import Sequence

import pandas as pd

from gatehouse.contract import Column
from gatehouse.gates import leakage, strength
from gatehouse.gates.leakage import Knobs
from gatehouse.gates.strength import Strength, Target
from gatehouse.verdicts import Check, Decision

NAME = "strongest single feature"
MOST_LISTED = 10


def strongest_first(frame: pd.DataFrame, columns: Sequence[Column], target: Target) -> list[Strength]:
    """Return what each of the columns tells by itself, the strongest first."""
    found = [strength.of(frame[column.name], column, target) for column in columns]
    return sorted(found, key=lambda item: -item.value)


def judge(found: Sequence[Strength], later: Sequence[Strength], target: Target, n: int, knobs: Knobs) -> Check:
    """Judge the features, strongest first, by what each tells alone; `n` is the number of rows before sampling.

    One that is proven to lie above the limit rejects; one that does, and is not proven, holds. `later` are the
    post-event columns, which no model sees: they are named for comparison.
    """
    if not found:
        return Check(NAME, Decision.ERROR, "The schema has no feature, so there is nothing to look at.", n=n)
    above = [item for item in found if item.value > knobs.strength and item.column not in knobs.known]
    proven = [item for item in above if _bounds(item, target, knobs)[0] > knobs.strength]
    decision = Decision.REJECT if proven else Decision.HOLD if above else Decision.PROMOTE
    best = (proven or above or found)[0]
    why = f"Strongest single feature: {said(best, target)}, on {leakage.counted(n, knobs)}."
    if above:
        why += f" {leakage.advice([item.column for item in proven or above], bool(proven))}"
    elif best.value > knobs.strength:
        why += " It is one of the [leakage] known columns."
    elif len(found) > 1:
        why += f" The next is {said(found[1], target)}."
    if later and later[0].value > best.value:
        why += f" Stronger is only what is declared post-event and left out: {said(later[0], target)}."
    listed = {"What single columns tell of the label": table(found, later, target, knobs)}
    details = {"feature": best.column, "tables": listed}
    return Check(NAME, decision, why, best.value, knobs.strength, _bounds(best, target, knobs), n, details=details)


def said(item: Strength, target: Target) -> str:
    """Name a column with its figure, and, of several classes, the one that it tells."""
    of_class = f" for the class '{target.names[item.side]}'" if len(target.names) > 1 else ""
    return f"'{item.column}', {target.measure} {item.value:.3f}{of_class}"


def table(
    found: Sequence[Strength], later: Sequence[Strength], target: Target, knobs: Knobs
) -> list[dict[str, object]]:
    """Return the strongest features and all post-event columns with their figures, one row each."""
    rows: list[dict[str, object]] = []
    for item in sorted([*found[:MOST_LISTED], *later], key=lambda item: -item.value):
        low, high = _bounds(item, target, knobs)
        use = "post-event, left out" if any(item is other for other in later) else "feature"
        rows.append({"column": item.column, "use": use, target.measure: item.value, "low": low, "high": high})
        if len(target.names) > 1:
            rows[-1]["class"] = target.names[item.side]
    return rows


def _bounds(item: Strength, target: Target, knobs: Knobs) -> tuple[float, float]:
    return strength.bounds(item, target, knobs.strength_confidence)
