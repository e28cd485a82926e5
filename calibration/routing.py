"""A canary's share of the traffic, and what it predicts: what blames a sound one, and what finds another model."""

from functools import partial

import numpy as np

from calibration.scenarios import Amounts, Goal, Row, Scenario
from gatehouse.canary import outputs, split
from gatehouse.canary.comparison import DEFAULT, FOR_PREDICTIONS
from gatehouse.canary.counters import VALUE
from gatehouse.canary.outputs import Outputs
from gatehouse.verdicts import Decision

STEPS, WINDOWS, ROWS_A_WINDOW = (0.05, 0.10, 0.25, 0.50), 20, 600
# A score in ten bins: most rows are far from positive.
STABLE = np.array([0.42, 0.2, 0.11, 0.07, 0.05, 0.04, 0.03, 0.03, 0.03, 0.02])
EDGES = [repr(round(edge / 10, 1)) for edge in range(1, 10)] + ["+Inf"]


def moved(shares: np.ndarray, by: float) -> np.ndarray:
    """Return shares of which `by` went from the first bin to the last."""
    return shares + by * np.array([-1, *[0] * (len(shares) - 2), 1])


def apart(shares: np.ndarray) -> float:
    """Return the index of shares against stable's."""
    return float((shares - STABLE) @ np.log(shares / STABLE))


# Where the true index is just at the limit, or twice it; and a model that says the opposite.
AT_LIMIT, TWICE = (
    moved(STABLE, next(by for by in np.arange(0, 0.4, 0.0005) if apart(moved(STABLE, by)) >= times * DEFAULT.psi))
    for times in (1, 2)
)
OPPOSITE = STABLE[::-1]


def predicted(random: np.random.Generator, canary: np.ndarray) -> Amounts:
    """Play one rollout's predictions, of a model that gives each bin this share of the rows."""
    seen, level = Outputs(), DEFAULT.alpha * FOR_PREDICTIONS
    for step, share in enumerate(STEPS):
        seen = outputs.new_step(seen, STEPS[step - 1] if step else 0.0)
        for _ in range(WINDOWS):
            n = int(random.binomial(ROWS_A_WINDOW, share))
            counts = random.multinomial(n, canary), random.multinomial(ROWS_A_WINDOW - n, STABLE)
            ours, theirs = ({VALUE: dict(zip(EDGES, found.tolist(), strict=True))} for found in counts)
            seen = outputs.grown(seen, ours, theirs, DEFAULT.psi, level)
            if any(check.decision == Decision.REJECT for check in outputs.judge(seen, share)):
                return {"rolled back": True}
    return {"rolled back": False}


def shared(random: np.random.Generator, times: float) -> Amounts:
    """Play one rollout's split by lots, in which the canary's odds are `times` those that were set."""
    for share in STEPS:
        odds, seen = times * share / (1 - share), split.begun(0.0)
        for minute in range(1, WINDOWS + 1):
            ours = int(random.binomial(ROWS_A_WINDOW, odds / (1 + odds)))
            seen = split.grown(seen, ours, ROWS_A_WINDOW - ours, 60.0 * minute)
            if split.judge(seen, share, DEFAULT.uneven, DEFAULT.alpha).decision == Decision.ERROR:
                return {"ended": True}
    return {"ended": False}


SCENARIOS = (
    Scenario("predictions alike", partial(predicted, canary=STABLE), 400),
    Scenario("predictions at the limit", partial(predicted, canary=AT_LIMIT), 400),
    Scenario("predictions twice the limit apart", partial(predicted, canary=TWICE), 400),
    Scenario("opposite predictions", partial(predicted, canary=OPPOSITE), 400),
    Scenario("router draws lots as told", partial(shared, times=1.0), 400),
    Scenario("router at its limit", partial(shared, times=DEFAULT.uneven), 400),
    Scenario("router gives twice as much", partial(shared, times=2.0), 400),
)
ROWS = (
    Row("predictions alike: rolled back", "predictions alike", "rolled back", Goal("≤", 0.0125)),
    Row("predictions at the limit: rolled back", "predictions at the limit", "rolled back", Goal("≤", 0.05)),
    Row("predictions twice the limit apart: rolled back", "predictions twice the limit apart", "rolled back"),
    Row("opposite predictions: rolled back", "opposite predictions", "rolled back", Goal("=", 1.0)),
    Row("router draws lots as told: ended", "router draws lots as told", "ended", Goal("≤", 0.0125)),
    Row("router at its limit: ended", "router at its limit", "ended", Goal("≤", 0.05)),
    Row("router gives twice as much: ended", "router gives twice as much", "ended", Goal("=", 1.0)),
)
WORLD = f"""Predictions are {ROWS_A_WINDOW} rows a window in ten bins of a score, and may differ by a PSI of
{DEFAULT.psi:g}; a router's odds may be {DEFAULT.uneven:g} times those that were set."""
