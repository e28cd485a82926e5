"""What a value and its standard error prove.

Metrics of labels move by jumps: a wrong label more or less. Where two models differ on few rows, the error that those
rows show says little of the one that a model at the limit would have, and Wald's bounds promote too much: of
candidates that lose just what is too much, and win nowhere, up to 15 % in place of 5 % (six rows expected to differ,
whatever the number of rows). McNemar's exact test does not help: it asks whether there is a loss at all, and its
condition, the number of differing rows, is what a margin is about. So the bounds of such a difference use the error at
the limit itself (a score test, as Tango 1998 for two shares): from 3 expected rows on, 2 to 5 % are promoted.
"""

from typing import Annotated

import numpy as np
from pydantic import Field
from scipy import special

# At one half both bounds are the value itself, and below it they would change places.
Confidence = Annotated[float, Field(gt=0.5, lt=1)]

# The share of equal models that a resolution lets through.
POWER = 0.8


def bounds(value: float, se: float, n: int, confidence: float, jump: float = 0.0) -> tuple[float, float]:
    """Return the one-sided bounds, each at `confidence`, of a value with n - 1 degrees of freedom.

    Without a `jump` they are value ∓ t·SE (1.645 at 95 % and many rows); `jump` is n times the most that one row
    moves a difference, and keeps them apart where hardly a row differs: two models that agree on all n are 2.7/n apart.
    """
    t = float(special.stdtrit(n - 1, confidence))
    return value - margin(se, t, jump / n, -value), value + margin(se, t, jump / n, value)


def margin(se: float, t: float, step: float, seen: float) -> float:
    """Return how far the bound lies beyond what was `seen` on its own side, in a difference of steps of one size.

    With the rates of steps up and down at their most likely values where the difference is L = seen + x, its variance
    is [SE² + √(SE⁴ + 4·step²·L·x)]/2; x = t·√variance is then the largest root of x³ - (t²SE² + t⁴step²)x -
    t⁴step²·seen. What was seen on the other side makes the bound no narrower.
    """
    square, steps = (t * se) ** 2, (t * t * step) ** 2
    roots = np.roots([1.0, 0.0, -(square + steps), -steps * max(seen, 0.0)])
    return float(roots.real.max())


def resolution(se: float, n: int, confidence: float, jump: float = 0.0) -> float:
    """Return the smallest tolerance that these rows prove for an equal model 80 % of the time: 2.49·SE at 95 %."""
    return margin(se, float(special.ndtri(confidence)), jump / n, 0.0) + float(special.ndtri(POWER)) * se


def rows_to_settle(se: float, n: int, confidence: float, distance: float, jump: float = 0.0) -> int | None:
    """Return how many rows resolve `distance`, (2.49σ/distance)²; None when it is 0.

    Where hardly a row differs it takes as many as leave out a loss that no row has shown.
    """
    if distance == 0:
        return None
    z = float(special.ndtri(confidence))
    return int(np.ceil(max(n * (resolution(se, n, confidence) / distance) ** 2, z * z * jump / abs(distance))))
