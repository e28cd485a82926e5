"""The example is what its README says: learnable, with a holdout that can judge, calm in July, moved in August."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gatehouse import config as configs
from gatehouse import holdout, workload
from gatehouse.bundle import Model
from gatehouse.config import Config, Position
from gatehouse.drift import profile, rules
from gatehouse.gates import levels, metrics, slices
from workload.model import build

FOUND = workload.of(Config())
CONTRACT = FOUND.contract
YEAR, SPRING, JULY, AUGUST, END = (date(2026, month, 1) for month in (1, 4, 7, 8, 9))
DEFAULT = Config()
OWN = configs.load(Path(__file__).parents[2] / "gatehouse.toml", {})


@cache
def sides(since: Position, until: Position) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the holdout rows of a window."""
    return holdout.split(FOUND.load(since, until), CONTRACT, DEFAULT.holdout)


@cache
def fitted(since: Position, until: Position, share: float = 1.0) -> Model:
    """Return a model of a window, or of a share of its training rows."""
    training = sides(since, until)[0].sample(frac=share, random_state=1)
    return Model(build().fit(CONTRACT.frame(training), CONTRACT.labels(training)), CONTRACT)


def f1(model: Model, rows: pd.DataFrame) -> float:
    """Return a model's F1."""
    return metrics.estimate("f1", FOUND.truth(rows), model.predict(rows)).value


def compared(old: Model, new: Model, rows: pd.DataFrame) -> metrics.Comparison:
    """Return the paired comparison of two models' F1."""
    return metrics.compare("f1", FOUND.truth(rows), old.predict(rows), new.predict(rows))


def held(since: Position, until: Position) -> pd.DataFrame:
    """Return the rows of customers that no model was trained on."""
    rows = FOUND.load(since, until)
    return rows[holdout.hashed(rows["customer_id"]) < DEFAULT.holdout.share].reset_index(drop=True)


def test_model_is_good():
    """Positives are 10-15 %, and the default model finds them with an F1 of about .75."""
    _, judging = sides(YEAR, JULY)
    assert 0.10 <= FOUND.load(None, None)["suspicious"].mean() <= 0.15
    assert f1(fitted(YEAR, JULY), judging) == pytest.approx(0.75, abs=0.03)


def test_holdout_resolves_delta():
    """The holdout is large enough for an equal model to be proven equal, within the tolerance of the gate."""
    _, judging = sides(YEAR, JULY)
    pair = compared(fitted(YEAR, JULY), fitted(YEAR, JULY, share=0.9), judging)
    assert 2.49 * pair.se <= DEFAULT.gate.delta


def test_more_history_helps():
    """Six months make a better model than three, by more than chance."""
    _, judging = sides(YEAR, JULY)
    low, _ = compared(fitted(YEAR, SPRING), fitted(YEAR, JULY), judging).bounds(0.95)
    assert low > 0


def test_august_moves():
    """The model of spring loses in August what a model of the last 60 days finds again."""
    before, after = f1(fitted(YEAR, JULY), held(JULY, AUGUST)), f1(fitted(YEAR, JULY), held(AUGUST, END))
    assert before - after > 0.08
    _, judging = sides(date(2026, 7, 3), END)
    low, _ = compared(fitted(YEAR, JULY), fitted(date(2026, 7, 3), END), judging).bounds(0.95)
    assert low > 0.05


def test_retrained_loses_no_slice():
    """What the new model wins in August it wins from nobody: no slice of the settings is worse off."""
    _, judging = sides(date(2026, 7, 3), END)
    models = fitted(YEAR, JULY).predict(judging), fitted(date(2026, 7, 3), END).predict(judging)
    cuts = levels.cut(judging, OWN.slices, "slices")
    summary, *_ = slices.judge(cuts, FOUND.truth(judging), *models, OWN.slices)
    assert summary.decision == "promote", summary.why
    assert summary.details["judged"] > 15


def drifted(rows: pd.DataFrame) -> set[str]:
    """Return the features and outputs in which some rows differ from the holdout of the first half of the year."""
    model, (_, judging) = fitted(YEAR, JULY), sides(YEAR, JULY)
    reference = profile.make(CONTRACT.frame(judging), CONTRACT, model.predict(judging))
    return set(rules.judge(reference, CONTRACT, CONTRACT.frame(rows), model.predict(rows), [], DEFAULT.drift).alarmed)


@pytest.mark.parametrize("rows", [slice(0, None), slice(0, 1500), slice(1000, 3000), slice(-1500, None)])
def test_july_is_calm(rows: slice):
    """No stretch of July looks like another world."""
    assert drifted(FOUND.load(JULY, AUGUST)[rows].reset_index(drop=True)) == set()


@pytest.mark.parametrize("rows", [slice(0, 1500), slice(-1500, None)])
def test_august_has_drifted(rows: slice):
    """Any stretch of August shows what moved."""
    assert {"amount", "device", "distance_km"} <= drifted(FOUND.load(AUGUST, END)[rows].reset_index(drop=True))


def test_unknown_level_is_answered():
    """A shop of a kind that nobody knew gets a finite score."""
    rows = sides(YEAR, JULY)[1].head(20).assign(merchant_category="museums", device=None)
    scores = fitted(YEAR, JULY).predict(rows).scores
    assert np.isfinite(scores).all()
