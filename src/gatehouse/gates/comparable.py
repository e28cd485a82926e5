"""Whether a released model can be compared with a candidate on the candidate's rows, and which column stands between.

A model that is fed something else than it was made for answers all the same, and badly: a candidate would then look
good beside it. What cannot be compared is neither promoted nor rejected.
"""

import pandas as pd

from gatehouse.contract import Column, Contract, Kind
from gatehouse.errors import NotComparableError
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

# Within a family, values of one kind are read as another's without changing what they mean.
FAMILY: dict[Kind, str] = {
    "number": "a number",
    "integer": "a number",
    "boolean": "a number",
    "category": "a category",
    "time": "a time",
}
# A level that was new today is no reason; when most rows hold such levels the column was coded anew.
MOST = 0.5


def require(released: Contract, contract: Contract, rows: pd.DataFrame) -> None:
    """Raise NotComparableError, naming the column, when a released model was made for other rows than these.

    `released` is its contract; `contract` is the candidate's, and says what the columns of `rows` are now.
    """
    if (released.task, released.positive) != (contract.task, contract.positive):
        raise NotComparableError(
            f"it predicts '{released.target}' as {_task(released)}, and '{contract.target}' now is {_task(contract)}"
        )
    now = {column.name: column for column in contract.columns}
    for column in released.features:
        if column.name not in rows.columns:
            raise NotComparableError(f"it needs the column '{column.name}', which the data no longer has")
        if column.name in now:
            _require_same(column, now[column.name])
        _require_levels(column, rows[column.name])


def require_answers(predictions: Predictions, truth: Truth) -> None:
    """Raise NotComparableError when the model answers classes of which the labels have none."""
    if predictions.classes and not {*predictions.classes} & {*truth.levels.tolist()}:
        answered, labels = (", ".join(names[:5]) for names in (predictions.classes, truth.levels.tolist()))
        raise NotComparableError(f"it answers {answered}, and the labels now are {labels}")


def _require_same(was: Column, now: Column) -> None:
    if now.post_event:
        raise NotComparableError(f"it uses the column '{was.name}', which now is known only after the event")
    if FAMILY[was.kind] != FAMILY[now.kind]:
        raise NotComparableError(
            f"it reads the column '{was.name}' as {FAMILY[was.kind]}, and it now is {FAMILY[now.kind]}"
        )


def _require_levels(was: Column, values: pd.Series) -> None:
    if was.kind != "category" or was.categories is None:
        return
    levels = values.dropna().map(str)
    strange = levels[~levels.isin(was.categories)]
    if len(strange) > MOST * len(levels):
        raise NotComparableError(
            f"in the column '{was.name}' {len(strange):,} of {len(levels):,} rows hold levels that it was not made "
            f"for, as '{strange.iloc[0]}'"
        )


def _task(contract: Contract) -> str:
    positive = "" if contract.positive is None else f" with positive '{contract.positive}'"
    return f"{contract.task}{positive}"
