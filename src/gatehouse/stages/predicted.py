"""What two models predict of the same rows, counted as their servers will count it."""

from collections.abc import Mapping, Sequence

import numpy as np

from gatehouse.bundle import Bundle
from gatehouse.canary import outputs, shadow
from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.canary.shadow import DISAGREEMENT
from gatehouse.predictions import Predictions
from gatehouse.serving.metrics import value_edges


def difference(
    champion: Predictions | None, candidate: Predictions, bundle: Bundle, near: float = shadow.Knobs().near
) -> dict[str, float] | None:
    """Return the PSI between two models' predictions by output, for the rollout; None without a champion.

    With it goes the share of the rows on which their answers are not `near` (see canary.shadow). A live canary may
    differ from stable by that much: it is the same two models on the same rows.
    """
    if champion is None:
        return None
    edges, positive = value_edges(bundle), bundle.contract.positive
    theirs, ours = (counts(answers, edges, positive) for answers in (champion, candidate))
    found = {name: outputs.index(name, ours[name], theirs[name]) for name in ours if name in theirs}
    return {**found, DISAGREEMENT: disagreement(champion, candidate, near)}


def disagreement(champion: Predictions, candidate: Predictions, near: float) -> float:
    """Return the share of the rows on which two models' answers are not near each other."""
    theirs, ours = told(champion), told(candidate)
    spread = shadow.spread_of(one.value for one in theirs) or 1.0
    apart = (shadow.difference(a, b, spread) for a, b in zip(ours, theirs, strict=True))
    return sum(shadow.differs(each, near) for each in apart) / max(1, len(ours))


def told(answers: Predictions) -> list[shadow.Told]:
    """Return answers as a server tells them."""
    if not answers.classes:
        return [shadow.Told(row, "", float(value)) for row, value in enumerate(answers.values)]
    scores = (dict(zip(answers.classes, row, strict=True)) for row in answers.scores.tolist())
    values = map(str, answers.values)
    return [shadow.Told(row, "", *pair) for row, pair in enumerate(zip(values, scores, strict=True))]


def counts(answers: Predictions, edges: Sequence[float], positive: str | None) -> Mapping[str, Mapping[str, int]]:
    """Return rows by output and bin; a value equal to an edge lies below it."""
    if not answers.classes:
        return {VALUE: _binned(answers.values, edges)}
    levels, codes = answers.encoded
    found = {CLASS: dict(zip(levels.tolist(), np.bincount(codes, minlength=len(levels)).tolist(), strict=True))}
    if positive in answers.classes:
        found[VALUE] = _binned(answers.score_of(str(positive)), edges)
    return found


def _binned(values: np.ndarray, edges: Sequence[float]) -> dict[str, int]:
    places = np.searchsorted(np.asarray(edges, dtype=float), np.asarray(values, dtype=float), side="left")
    names = (*(repr(float(edge)) for edge in edges), "+Inf")
    return dict(zip(names, np.bincount(places, minlength=len(names)).tolist(), strict=True))
