"""One candidate against one champion: the gate of quality on holdouts as large as they ordinarily are."""

from functools import partial

import numpy as np

from calibration import draws, popular
from calibration.scenarios import Amounts, Goal, Row, Scenario
from gatehouse.gates import metrics, quality
from gatehouse.gates.quality import Knobs
from gatehouse.verdicts import Check, Decision

ROWS = 2000
DELTA = 0.02
PREVALENCES = (0.2, 0.1, 0.03, 0.01)
# How alike two models are: as a rule, and where a model is only trained again on newer rows.
CORRELATIONS = (draws.CORRELATION, 0.95)
SMALL, SMALL_PREVALENCE = 1500, 0.1


def judged(real: np.ndarray, champion: np.ndarray, candidate: np.ndarray, delta: float = DELTA) -> Check:
    """Let the gate judge two models on the same rows, boolean arrays of shape (n,).

    This is what `quality.judge` does, less its advice on how to settle a hold, which would take most of the time.
    """
    knobs = Knobs(delta=delta)
    pair = metrics.compare(knobs.metric, draws.truth(real), draws.answers(champion), draws.answers(candidate))
    return quality.judge_pair(pair, knobs)


def compare(
    random: np.random.Generator,
    loss: float = 0.0,
    n: int = ROWS,
    prevalence: float = draws.PREVALENCE,
    correlation: float = draws.CORRELATION,
    delta: float = DELTA,
) -> Amounts:
    """Draw a candidate that is worse by `loss`, and say what became of it; σ is that of one row's difference."""
    check = judged(*draws.pair(random, n, loss, prevalence, correlation), delta)
    promoted, held = check.decision == Decision.PROMOTE, check.decision == Decision.HOLD
    naive = popular.promotes(check.details["champion"], check.details["candidate"])
    return {
        "promoted": promoted,
        "held": held,
        "rejected": check.decision == Decision.REJECT,
        "through": promoted or (held and check.details["recommended"]),
        "naive promoted": naive,
        "naive rejected": not naive,
        "sigma": check.details["sigma"],
    }


def resolving(prevalence: float, correlation: float) -> str:
    """Name the scenario of equal models at this prevalence."""
    return f"equal, {100 * prevalence:g} % positives, correlation {correlation:g}"


SCENARIOS = (
    Scenario("equal", compare, 10_000),
    Scenario("worse by .02", partial(compare, loss=0.02), 10_000),
    Scenario("worse by .03", partial(compare, loss=0.03), 60_000),
    *(
        Scenario(
            f"small holdout, δ = {delta:g}",
            partial(compare, n=SMALL, prevalence=SMALL_PREVALENCE, delta=delta),
            2_000,
        )
        for delta in (0.01, 0.03)
    ),
    *(
        Scenario(
            resolving(prevalence, correlation),
            # So many rows that σ is no longer a matter of luck.
            partial(compare, n=20_000, prevalence=prevalence, correlation=correlation),
            100,
        )
        for prevalence in PREVALENCES
        for correlation in CORRELATIONS
    ),
)

NAIVE = "`new ≥ old − .01`"
TABLE = (
    Row("a model that is .02 worse is promoted", "worse by .02", "promoted", Goal("≤", 0.07),
        {NAIVE: "naive promoted"}),
    Row("a model that is .03 worse is promoted", "worse by .03", "promoted", Goal("≤", 0.01),
        {NAIVE: "naive promoted"}),
    Row("an equal model is rejected", "equal", "rejected", Goal("≤", 0.01), {NAIVE: "naive rejected"}),
    Row("an equal model is promoted", "equal", "promoted", None, {NAIVE: "naive promoted"}),
    Row("an equal model is held", "equal", "held"),
    Row("a model that is .02 worse is rejected", "worse by .02", "rejected", None, {NAIVE: "naive rejected"}),
    Row("a model that is .03 worse is rejected", "worse by .03", "rejected", None, {NAIVE: "naive rejected"}),
    Row("every recommended hold approved: a model .03 worse gets through", "worse by .03", "through", None,
        {NAIVE: "naive promoted"}),
    Row("every recommended hold approved: an equal model gets through", "equal", "through", None,
        {NAIVE: "naive promoted"}),
    Row("1,500 rows, 10 % positives, δ = .01: an equal model is promoted", "small holdout, δ = 0.01", "promoted",
        None, {NAIVE: "naive promoted"}),
    Row("1,500 rows, 10 % positives, δ = .03: an equal model is promoted", "small holdout, δ = 0.03", "promoted",
        None, {NAIVE: "naive promoted"}),
)  # fmt: skip
