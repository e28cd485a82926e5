"""Drift of 30 features: what an unchanged world alarms, and what a changed one does not hide."""

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from calibration import draws, popular, world
from calibration.scenarios import Amounts, Goal, Row, Scenario, Table
from gatehouse.drift import profile, rules
from gatehouse.drift.knobs import Knobs
from gatehouse.drift.rules import Outcome
from gatehouse.gates import metrics
from gatehouse.gates.metrics import Estimate

ROWS = 1000
# What the rule asks for, with a notice where a reference has fewer: ten times a window.
FULL = 10 * ROWS
WEEKS, YEARS = 52, 60
SHIFT, MISSING, FLIPPED = 0.25, 0.15, 0.2
# A model of F1 .75 whose owner retrains it below this.
FLOOR = 0.65
KNOBS = Knobs(performance_floor=FLOOR)
ALPHA = 0.05
RAW, EVIDENTLY, ALIBI, DEEPCHECKS = "any raw p < .05", "like evidently", "like alibi-detect", "like deepchecks"


def judged(
    reference: dict[str, Any],
    window: pd.DataFrame,
    random: np.random.Generator,
    earlier: list[Collection[str]],
    performance: Estimate | None = None,
) -> Outcome:
    """Let the rule judge a window and the answers of an unchanged model to it."""
    answers = world.answers(random, len(window))
    return rules.judge(reference, world.CONTRACT, window, answers, earlier, KNOBS, performance)


def compare(random: np.random.Generator, shift: float = 0.0, missing: float = 0.0) -> Amounts:
    """Draw a reference and one window, and say who alarms anything, and whether the rule names what moved."""
    before, now = world.rows(random, ROWS), world.rows(random, ROWS, shift, missing)
    outcome = judged(profiled(before, random), now, random, [])
    found = {"alarm": bool(outcome.alarmed), "found": world.MOVED in outcome.alarmed}
    return {**found, **others(before, now)}


def profiled(before: pd.DataFrame, random: np.random.Generator) -> dict[str, Any]:
    """Return the profile of a reference and of the model's answers to it."""
    return profile.make(before, world.CONTRACT, world.answers(random, len(before)))


def others(before: pd.DataFrame, now: pd.DataFrame) -> Amounts:
    """Say which of the popular rules alarm the window at all, and which alarm the feature that moved."""
    alarms = {name: [tests[name] for tests in map(partial(popular_tests, before, now), world.NAMES)] for name in TESTS}
    place = world.NAMES.index(world.MOVED)
    return {f"{name}: alarm": any(found) for name, found in alarms.items()} | {
        f"{name}: found": found[place] for name, found in alarms.items()
    }


def popular_tests(before: pd.DataFrame, now: pd.DataFrame, name: str) -> dict[str, bool]:
    """Apply the popular rules to one feature."""
    if pd.api.types.is_numeric_dtype(before[name]):
        size, p = popular.ks(before[name].to_numpy(), now[name].to_numpy())
        fit = p
    else:
        counts = [table[name].value_counts().reindex(world.LEVELS, fill_value=0).to_numpy() for table in (before, now)]
        size, p = popular.homogeneity(*counts)
        fit = popular.fit(*counts)
    return {
        RAW: p < ALPHA,
        EVIDENTLY: fit < ALPHA,
        ALIBI: p < ALPHA / world.FEATURES,
        DEEPCHECKS: size >= popular.LARGE,
    }


def year(random: np.random.Generator, rows: int) -> Amounts:
    """Draw a reference of `rows` and 52 windows of an unchanged world; the rule remembers the windows before."""
    before = world.rows(random, rows)
    reference = profiled(before, random)
    earlier: list[Collection[str]] = []
    issues = raw = 0
    for _ in range(WEEKS):
        now = world.rows(random, ROWS)
        outcome = judged(reference, now, random, earlier)
        earlier.append(outcome.alarmed)
        issues += outcome.action in ("issue", "retrain")
        raw += any(popular_tests(before, now, name)[RAW] for name in world.NAMES)
    return {"issue": issues, f"{RAW}: alarm": raw}


def concept(random: np.random.Generator, flipped: float) -> Amounts:
    """Draw a window whose features stand still, while a share of its labels turned round; judge it with labels."""
    real, said, _ = draws.pair(random, ROWS)
    turned = real ^ (random.random(ROWS) < flipped)
    performance = metrics.estimate("f1", draws.truth(turned), draws.answers(said))
    before, now = world.rows(random, ROWS), world.rows(random, ROWS)
    reference = profiled(before, random)
    outcome = judged(reference, now, random, [], performance)
    return {"retrain": outcome.action == "retrain", "features": bool(outcome.alarmed)}


TESTS = (RAW, EVIDENTLY, ALIBI, DEEPCHECKS)
SCENARIOS = (
    Scenario("no drift", compare, 4_000),
    Scenario("60 years", partial(year, rows=FULL), YEARS),
    Scenario("60 years of a short reference", partial(year, rows=ROWS), YEARS),
    Scenario("shift of .25 sd", partial(compare, shift=SHIFT), 2_000),
    Scenario("missing spike of 15 %", partial(compare, missing=MISSING), 400),
    Scenario("concept flip of 20 %", partial(concept, flipped=FLIPPED), 400),
    Scenario("no concept flip", partial(concept, flipped=0.0), 400),
)


def by(event: str) -> dict[str, str]:
    """Name the same event of every popular rule."""
    return {name: f"{name}: {event}" for name in TESTS}


WORLD = f"""
Each run draws {world.FEATURES} independent features (10 normal, 10 log-normal, 5 categories of 6 levels, 5 Poisson
counts), a reference of {ROWS:,} rows and a window of {ROWS:,}, and a model's answers to both; all go through
`drift.rules.judge` with its default settings. A year has one reference and {WEEKS} windows, whose
errors it shares: what is odd in a short reference is odd in every window. The concept flip turns
{FLIPPED:.0%} of the labels of a model with F1 .75 round and leaves the features as they were; its floor is {FLOOR:g}.

The other rules are written here from the defaults that their documentation states; their own code was not run. Raw:
KS for numbers, χ² of homogeneity for categories, p < .05 in any feature. Like evidently (references up to 1,000
rows): the same with the χ² goodness of fit. Like alibi-detect: the same as raw at .05/{world.FEATURES}. Like
deepchecks: KS statistic or Cramér's V of {popular.LARGE:g} or more. All leave missing values out.
"""

TABLE = Table(
    "Drift",
    WORLD,
    SCENARIOS,
    (
        Row("no drift, n = m = 1000: any alarm in one window", "no drift", "alarm", Goal("≤", 0.03), by("alarm")),
        Row(f"52 weekly checks, no drift, n = {FULL}, m = 1000: weeks with an issue", "60 years", "issue",
            Goal("=", 0.0), {RAW: f"{RAW}: alarm"}, WEEKS),
        Row("the same with n = 1000, fewer than the rule asks for", "60 years of a short reference", "issue", None,
            {RAW: f"{RAW}: alarm"}, WEEKS),
        Row("shift of .25 sd in one of 30: found in one window", "shift of .25 sd", "found", Goal("≥", 0.9),
            by("found")),
        Row("missing spike of 15 % in one of 30: found in one window", "missing spike of 15 %", "found",
            Goal("=", 1.0), by("found")),
        Row("concept flip of 20 %, 1,000 labels: a retrain", "concept flip of 20 %", "retrain", Goal("≥", 0.85),
            {"this rule without labels": "features"}),
        Row("no concept flip, 1,000 labels: a retrain", "no concept flip", "retrain", None,
            {"this rule without labels": "features"}),
    ),
)  # fmt: skip
