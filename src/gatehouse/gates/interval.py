"""What a value and its standard error prove."""

from typing import Annotated

import numpy as np
from pydantic import Field
from scipy import stats

# At one half both bounds are the value itself, and below it they would change places.
Confidence = Annotated[float, Field(gt=0.5, lt=1)]

# The share of equal models that a resolution lets through.
POWER = 0.8


def bounds(value: float, se: float, n: int, confidence: float) -> tuple[float, float]:
    """Return value ∓ t·SE, one-sided at `confidence`; t has n-1 degrees of freedom (1.645 at 95 % and many rows)."""
    margin = float(stats.t.ppf(confidence, n - 1)) * se
    return value - margin, value + margin


def resolution(se: float, confidence: float) -> float:
    """Return the smallest tolerance that these rows prove for an equal model 80 % of the time: 2.49·SE at 95 %."""
    return float(stats.norm.ppf(confidence) + stats.norm.ppf(POWER)) * se


def rows_to_settle(se: float, n: int, confidence: float, distance: float) -> int | None:
    """Return how many rows resolve `distance`, (2.49σ/distance)²; None when it is 0."""
    return None if distance == 0 else int(np.ceil(n * (resolution(se, confidence) / distance) ** 2))
