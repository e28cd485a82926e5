"""Many releases one after another: whether small allowed losses add up, with and without the frozen anchor."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from calibration import draws, popular
from calibration.quality import DELTA, NAIVE, ROWS, judged
from calibration.scenarios import Amounts, Goal, Row, Scenario
from gatehouse.gates import anchor
from gatehouse.gates.quality import Knobs
from gatehouse.verdicts import Decision

RELEASES = 24
SPREAD = 0.006
# A sequence has failed when its last champion is worse than its first one by more than this.
LOST = -0.02


@dataclass(frozen=True)
class Line:
    """One sequence of releases under one rule: true levels, relative to the first model, of champion and anchor."""

    rule: str
    champion: float = 0.0
    anchor: float = 0.0
    released: int = 0


@dataclass(frozen=True)
class Holdout:
    """The rows of one release, and what three different models see of them; none is another's, unless it is it."""

    real: np.ndarray
    candidate: np.ndarray
    champion: np.ndarray
    anchor: np.ndarray


def drawn(random: np.random.Generator) -> Holdout:
    """Draw a holdout of newer rows, as each release has one."""
    shared = draws.difficulty(random, ROWS)
    seen = [draws.seen(random, shared) for _ in range(3)]
    return Holdout(draws.positives(random, ROWS), *seen)


def history(random: np.random.Generator, mean: float) -> Amounts:
    """Try 24 candidates, each better than the champion of its line by N(mean, .006), under three rules at once."""
    lines = [Line("naive"), Line("gate"), Line("anchored")]
    for _ in range(RELEASES):
        holdout, step = drawn(random), random.normal(mean, SPREAD)
        lines = [tried(line, holdout, step) for line in lines]
    lost = {f"{line.rule} lost": line.champion < LOST for line in lines}
    return lost | {f"{line.rule} released": line.released for line in lines}


def tried(line: Line, holdout: Holdout, step: float) -> Line:
    """Judge one candidate, and release it where the line's rule promotes it."""
    level = line.champion + step
    candidate = draws.said(holdout.real, holdout.candidate, draws.F1 + level)
    champion = draws.said(holdout.real, holdout.champion, draws.F1 + line.champion)
    check = judged(holdout.real, champion, candidate)
    if line.rule == "naive":
        promoted = popular.promotes(check.details["champion"], check.details["candidate"])
    else:
        promoted = check.decision == Decision.PROMOTE
    if promoted and line.rule == "anchored" and line.anchor != line.champion:
        promoted, line = anchored(line, holdout, champion, candidate)
    return replace(line, champion=level, released=line.released + 1) if promoted else line


def anchored(line: Line, holdout: Holdout, champion: np.ndarray, candidate: np.ndarray) -> tuple[bool, Line]:
    """Judge a candidate against the anchor too, which moves to the champion with a release that finds it better."""
    truth, knobs = draws.truth(holdout.real), Knobs(delta=DELTA)
    best = draws.answers(draws.said(holdout.real, holdout.anchor, draws.F1 + line.anchor))
    check = anchor.judge(truth, best, draws.answers(candidate), "", knobs)
    if check.decision != Decision.PROMOTE:
        return False, line
    moves = anchor.surpassed(truth, best, draws.answers(champion), knobs)
    return True, replace(line, anchor=line.champion) if moves else line


SCENARIOS = (
    Scenario("24 worsening releases", partial(history, mean=-0.003), 1_500),
    Scenario("24 improving releases", partial(history, mean=0.003), 200),
)
TABLE = (
    Row("24 releases, each drawn N(−.003, .006): share ending below −.02", "24 worsening releases", "anchored lost",
        Goal("≤", 0.03), {NAIVE: "naive lost", "without the anchor": "gate lost"}),
    Row("… share of the candidates released", "24 worsening releases", "anchored released", None,
        {NAIVE: "naive released", "without the anchor": "gate released"}, RELEASES),
    Row("24 releases, each drawn N(+.003, .006): share of the candidates released", "24 improving releases",
        "anchored released", None, {NAIVE: "naive released", "without the anchor": "gate released"},
        RELEASES),
)  # fmt: skip
