"""The paired bootstrap: standard errors of whatever has no closed form."""

from collections.abc import Sequence

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates.truth import Rule, Truth
from gatehouse.predictions import Predictions


def replicate(rule: Rule, truth: Truth, models: Sequence[Predictions], rounds: int, seed: int) -> np.ndarray:
    """Return the metric of every model on `rounds` resamples of the same rows, shape (rounds, models).

    Resamples on which it is not defined are left out. Raises EvidenceError when those are more than one in ten.
    """
    random = np.random.default_rng(seed)
    table = np.empty((rounds, len(models)))
    for place in range(rounds):
        rows = random.integers(0, len(truth), len(truth))
        drawn = truth.take(rows)
        table[place] = [rule(drawn, model.take(rows)).value for model in models]
    usable: np.ndarray = table[np.isfinite(table).all(axis=1)]
    if len(usable) < max(2, 0.9 * rounds):
        raise EvidenceError(f"The metric is defined on only {len(usable)} of {rounds} resamples of {len(truth)} rows.")
    return usable
