"""Parity: the model that was saved, and the one that is served, answer what the trained one answered."""

from typing import Annotated

import numpy as np

from gatehouse.knobs import Looser, NotNegative, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision


@knobs
class Knobs:
    """The largest difference that a score, or a regression's value, may show."""

    tolerance: Annotated[NotNegative, Looser("higher")] = 1e-9


def after_loading(trained: str, loaded: str, n: int) -> Check:
    """Reject unless the loaded model's answers for the n rows of the holdout have the hash that training recorded."""
    same = trained == loaded
    why = f"Loaded again, the model gives {'the same answers as' if same else 'other answers than'} the trained one"
    why += f" on {n:,} rows." if same else f" on {n:,} rows: what was saved is not what was trained. Train again."
    return Check("parity after loading", Decision.PROMOTE if same else Decision.REJECT, why, n=n)


def judge(trained: Predictions, served: Predictions, knobs: Knobs) -> Check:
    """Reject when any label differs, or any number by more than the tolerance; other rows are an error."""
    if len(trained) != len(served) or trained.classes != served.classes or not len(trained):
        why = (
            f"The trained model answered {len(trained)} rows with classes {list(trained.classes)}, the served one "
            f"{len(served)} with {list(served.classes)}: these are not the same rows of the same model."
        )
        return Check("parity", Decision.ERROR, why, n=len(served))
    numbers = (trained.scores, served.scores) if trained.classes else (trained.values, served.values)
    largest = float(np.abs(numbers[0].astype(float) - numbers[1].astype(float)).max())
    flips = int((trained.values != served.values).sum()) if trained.classes else 0
    good = flips == 0 and largest <= knobs.tolerance
    why = f"Over {len(served)} rows {flips} labels differ and the largest difference is {largest:.2g}."
    decision = Decision.PROMOTE if good else Decision.REJECT
    return Check("parity", decision, why, observed=largest, limit=knobs.tolerance, n=len(served))
