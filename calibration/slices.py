"""Slices: twenty of 500 rows on which nothing has changed, and one of them that loses every positive."""

from functools import partial

import numpy as np

from calibration import draws, popular
from calibration.scenarios import Amounts, Goal, Row, Scenario
from gatehouse.gates import slices
from gatehouse.gates.slices import Knobs
from gatehouse.verdicts import Decision

SLICES, ROWS = 20, 500
LEVELS = np.repeat(np.arange(SLICES), ROWS)
LOST = 3
KNOBS = Knobs()


def rejected(real: np.ndarray, champion: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Let the gate judge every slice, and say which it rejects, shape (SLICES,)."""
    old, new = draws.answers(champion), draws.answers(candidate)
    checks = slices.judge({"place": LEVELS}, draws.truth(real), old, new, KNOBS)
    decisions = {check.details.get("level"): check.decision for check in checks}
    return np.array([decisions[str(place)] == Decision.REJECT for place in range(SLICES)])


def compare(random: np.random.Generator, prevalence: float, losing: bool = False) -> Amounts:
    """Draw equal models, of which one may find no positive of one slice any more; say what is blocked."""
    real, champion, candidate = draws.pair(random, SLICES * ROWS, prevalence=prevalence)
    if losing:
        candidate &= ~(real & (LEVELS == LOST))
    cut = [part.reshape(SLICES, ROWS) for part in (real, champion, candidate)]
    blocked = {
        "rule": rejected(real, champion, candidate),
        "f1": popular.f1(cut[0], cut[1]) - popular.f1(cut[0], cut[2]) > popular.SLICE_DROP,
        "accuracy": popular.accuracy(cut[0], cut[1]) - popular.accuracy(cut[0], cut[2]) > popular.SLICE_DROP,
    }
    return {f"{name} any": bool(found.any()) for name, found in blocked.items()} | {
        f"{name} lost": bool(found[LOST]) for name, found in blocked.items()
    }


SCENARIOS = (
    Scenario("equal slices, 20 % positives", partial(compare, prevalence=0.2), 3_000),
    Scenario("equal slices, 5 % positives", partial(compare, prevalence=0.05), 3_000),
    Scenario("recall lost, 5 % positives", partial(compare, prevalence=0.05, losing=True), 1_000),
    Scenario("recall lost, 3 % positives", partial(compare, prevalence=0.03, losing=True), 1_000),
)
ANY = {"F1 drops > 5 points": "f1 any", "accuracy drops > 5 points": "accuracy any"}
LOSING = {"F1 drops > 5 points": "f1 lost", "accuracy drops > 5 points": "accuracy lost"}
TABLE = (
    Row("20 equal slices of 500 rows, 20 % positives: any false block", "equal slices, 20 % positives", "rule any",
        Goal("≤", 0.05), ANY),
    Row("20 equal slices of 500 rows, 5 % positives: any false block", "equal slices, 5 % positives", "rule any",
        Goal("≤", 0.05), ANY),
    Row("one slice of 500 rows, 5 % positives, loses all recall: blocked", "recall lost, 5 % positives", "rule lost",
        Goal("≥", 0.8), LOSING),
    Row("one slice of 500 rows, 3 % positives, loses all recall: blocked", "recall lost, 3 % positives", "rule lost",
        None, LOSING),
)  # fmt: skip
