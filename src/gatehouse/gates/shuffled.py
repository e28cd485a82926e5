"""The check by shuffled labels: a model that was trained on them knows nothing, so it must not beat a dummy.

One that does has its labels from elsewhere. But a single shuffle often *seems* to beat the dummy: the shuffled labels
draw some direction through the features, and by luck it is near the true one. Of 400 shuffles each, 4 % on the tests'
two classes and 6 % on their regression improve on the dummy by more than 3.09 standard errors of the holdout, where
one in a thousand should. That luck belongs to the shuffle, not to the rows, so it is the shuffles that must agree: over
several of them the mean improvement of an honest model is not above 0, because its mean answer is a constant and the
losses are convex.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from gatehouse.contract import Task
from gatehouse.errors import EvidenceError
from gatehouse.gates.leakage import Knobs
from gatehouse.gates.metrics import Comparison
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

# Losses that are convex in the answer: one that only orders, as the AUC, takes the smallest luck for skill.
METRICS: dict[Task, str] = {"binary": "brier", "multiclass": "brier", "regression": "mse"}
# Of the dummy's loss: who removes less has no labels worth looking for, and the mean answer is not exactly a constant.
WORTH = 0.01


def mean_answer(predictions: Predictions) -> Predictions:
    """Return the dummy that is the fair opponent: it answers every row with the mean of the model's own answers.

    A dummy of the training labels' rates would lose to any model whose answers happen to fit a moved world better.
    """
    n = len(predictions)
    if not predictions.classes:
        return Predictions(np.full(n, predictions.values.astype(float).mean()), predictions.scores)
    scores = np.tile(predictions.scores.mean(axis=0), (n, 1))
    return Predictions(np.array(predictions.classes)[scores.argmax(axis=1)], scores, predictions.classes)


def suspicious(first: Comparison, knobs: Knobs) -> bool:
    """Tell whether one shuffle seems to beat the dummy, so that others must be tried."""
    return first.bounds(knobs.confidence)[0] > 0


def judge(tried: Sequence[Comparison], knobs: Knobs) -> Check:
    """Judge models of shuffled labels, each compared with a dummy on the same rows.

    Raises EvidenceError when there are none. The first decides when it is not suspicious; else the mean over all, by a
    t test over the shuffles.
    """
    if not tried:
        raise EvidenceError("No model was trained on shuffled labels, so nothing is known of it.")
    first, gains = tried[0], np.array([item.delta for item in tried])
    if not suspicious(first, knobs):
        why = (
            f"Trained on shuffled labels the model is not proven to beat a dummy: its {first.metric} is "
            f"{first.candidate:.4g}, and the dummy's {first.champion:.4g}, on {first.n:,} rows."
        )
        return Check(
            "shuffled labels", Decision.PROMOTE, why, first.delta, 0.0, first.bounds(knobs.confidence), first.n
        )
    if len(tried) < knobs.shuffles:
        raise EvidenceError(f"A shuffle seems to beat the dummy, and only {len(tried)} of {knobs.shuffles} were tried.")
    margin = float(stats.t.ppf(knobs.confidence, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains)))
    mean = float(gains.mean())
    limit = WORTH * float(np.mean([item.champion for item in tried]))
    leaks = mean - margin > limit
    why = (
        f"Trained on shuffled labels the model improves {first.metric} by {mean:+.4g} over a dummy, in the mean of "
        f"{len(gains)} shuffles: "
    )
    why += (
        "it knows labels that its training did not give it. Look for a file, a cache or an encoder that holds them."
        if leaks
        else "one of them seemed to beat the dummy, and that was luck."
    )
    decision = Decision.REJECT if leaks else Decision.PROMOTE
    details = {"improvements": gains.tolist()}
    return Check(
        "shuffled labels", decision, why, mean, limit, (mean - margin, mean + margin), first.n, details=details
    )
