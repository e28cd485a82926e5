"""Leakage: what a model could know in training that it will not know, or may not use, when it serves.

Here stand the settings of its rules; the rules are in `overlap` and `time_order` (rows that train and judge),
`giveaways`, `gaps` and `post_event` (columns that tell the label), and `shuffled` (labels that come another way).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import pandas as pd
from pydantic import Field

from gatehouse.contract import Contract
from gatehouse.gates.interval import Confidence
from gatehouse.knobs import Looser, knobs

MOST_NAMED = 5


@knobs
class Knobs:
    """`duplicates` of the holdout rows may stand among the training rows too, by their content.

    A feature that tells the label by itself with an AUC (a regression: a rank correlation) above `strength` is a leak,
    unless it is one of the `known` columns, which a person has looked at; `strength_confidence` is that of its bound.
    `confidence` is that of all other bounds. AUCs are taken on at most `maximum_rows`, drawn by `seed`. `shuffles` is
    the number of trainings on shuffled labels, dealt out from `seed` on, that prove a leak.
    """

    duplicates: Annotated[float, Field(ge=0, lt=1), Looser("higher")] = 0.01
    strength: Annotated[float, Field(gt=0.5, lt=1), Looser("higher")] = 0.99
    strength_confidence: Annotated[Confidence, Looser("higher")] = 0.95
    known: Annotated[tuple[str, ...], Looser("changed")] = ()
    confidence: Annotated[Confidence, Looser("higher")] = 0.999
    maximum_rows: Annotated[int, Field(ge=1000), Looser("lower")] = 100_000
    shuffles: Annotated[int, Field(ge=3), Looser("lower")] = 5
    seed: int = 0


def opened(contract: Contract, rows: pd.DataFrame) -> Contract:
    """Return the contract in which the post-event columns that `rows` hold are features too."""
    kept = [column for column in contract.columns if not column.post_event or column.name in rows.columns]
    columns = [replace(column, post_event=False) for column in kept]
    return replace(contract, columns=tuple(columns))


def sample(rows: pd.DataFrame, knobs: Knobs) -> pd.DataFrame:
    """Return at most `maximum_rows` of the rows, drawn by the seed, in their order."""
    if len(rows) <= knobs.maximum_rows:
        return rows
    return rows.sample(knobs.maximum_rows, random_state=knobs.seed).sort_index()


def counted(n: int, knobs: Knobs) -> str:
    """Say on how many rows a figure rests, and of how many they were drawn."""
    if n <= knobs.maximum_rows:
        return f"{n:,} rows"
    return f"{knobs.maximum_rows:,} of {n:,} rows, drawn by [leakage] seed"


def advice(columns: Sequence[str], proven: bool) -> str:
    """Say what to do about columns that tell the label by themselves."""
    named = ", ".join(f"'{name}'" for name in columns[:MOST_NAMED]) + (" and more" if len(columns) > MOST_NAMED else "")
    many = len(columns) > 1
    told = f"{named} {'give' if many else 'gives'} the label away" if proven else f"{named} may give the label away"
    few = "" if proven else ", and the rows are too few to prove it"
    return (
        f"{told}{few}: {'are they' if many else 'is it'} known before the label? If not, drop "
        f"{'them' if many else 'it'} or declare {'them' if many else 'it'} post_event; if so, add "
        f"{'them' if many else 'it'} to [leakage] known."
    )
