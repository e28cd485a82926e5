"""Export: the model in ONNX, which serves, answers what the trained one answers.

Rows near the threshold are counted by themselves: only there can a small difference make another label.
"""

from typing import Annotated

import numpy as np

from gatehouse.knobs import Count, Fraction, Looser, NotNegative, Positive, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

NAME = "export to ONNX"


@knobs
class Knobs:
    """How far the exported model may be from the trained one, and on how many made-up rows that is looked at.

    `tolerance` is the largest difference of a score or a value in the row at the `quantile` of all rows. A row is near
    the threshold when its two highest scores differ by at most `near`.
    """

    tolerance: Annotated[NotNegative, Looser("higher")] = 1e-6
    quantile: Annotated[Fraction, Looser("lower")] = 0.9999
    near: Annotated[Positive, Looser("lower")] = 0.02
    flips_per_million: Annotated[NotNegative, Looser("higher")] = 1.0
    rows: Annotated[Count, Looser("lower")] = 20_000


def judge(trained: Predictions, exported: Predictions, knobs: Knobs) -> Check:
    """Reject when too many labels differ, or the numbers by too much; other rows or NaN are an error."""
    n = len(trained)
    if len(exported) != n or trained.classes != exported.classes or not n:
        why = f"The trained model answered {n:,} rows, the exported one {len(exported):,}, or with other classes."
        return Check(NAME, Decision.ERROR, why, n=n)
    if not trained.finite() or not exported.finite():
        who = "exported" if trained.finite() else "trained"
        return Check(NAME, Decision.ERROR, f"The {who} model gives numbers that are not finite.", n=n)
    differences = apart(trained, exported)
    at, largest = float(np.quantile(differences, knobs.quantile, method="higher")), float(differences.max())
    close, flipped = near(trained, knobs.near), trained.values != exported.values
    flips = int(flipped.sum()) if trained.classes else 0
    allowed = int(knobs.flips_per_million * close.sum() / 1e6)
    elsewhere = int((flipped & ~close).sum()) if trained.classes else 0
    good = at <= knobs.tolerance and flips <= allowed and not elsewhere
    why = f"Over {n:,} rows the ONNX differs by at most {largest:.2g}, and by {at:.2g} in row p{knobs.quantile:.2%}"
    why = f"{why.rstrip('%')} (limit {knobs.tolerance:g})"
    if trained.classes:
        why += f"; {flips} labels are others (limit {allowed}), with {int(close.sum()):,} rows near the threshold"
    details = {"largest": largest, "flips": flips, "near": int(close.sum())}
    decision = Decision.PROMOTE if good else Decision.REJECT
    return Check(NAME, decision, f"{why}.", observed=at, limit=knobs.tolerance, n=n, details=details)


def apart(trained: Predictions, exported: Predictions) -> np.ndarray:
    """Return the largest difference of each row, shape (n,)."""
    if not trained.classes:
        found: np.ndarray = np.abs(trained.values.astype(float) - exported.values.astype(float))
        return found
    largest: np.ndarray = np.abs(trained.scores - exported.scores).max(axis=1)
    return largest


def near(trained: Predictions, margin: float) -> np.ndarray:
    """Tell of each row whether its two highest scores are at most the margin apart, shape (n,)."""
    if len(trained.classes) < 2:
        return np.zeros(len(trained), dtype=bool)
    highest = np.sort(trained.scores, axis=1)[:, -2:]
    close: np.ndarray = highest[:, 1] - highest[:, 0] <= margin
    return close
