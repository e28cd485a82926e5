"""Every workload keeps the contract, and a workload that breaks a promise is told which."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import bundled
import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gatehouse import config, workload
from gatehouse.config import Config
from gatehouse.stages import check_workload
from gatehouse.verdicts import Decision, Verdict
from gatehouse.workload import Workload

ROOT = Path(__file__).parents[1]
SMALL = config.load(ROOT / "tests/workloads/sklearn_binary/gatehouse.toml", {})


@pytest.fixture
def good() -> Workload:
    """Return a workload that keeps every promise."""
    return workload.of(SMALL)


def refused(verdict: Verdict) -> dict[str, str]:
    """Return the reason of each check that did not pass, by its name."""
    return {check.name: check.why for check in verdict.checks if check.decision != Decision.PROMOTE}


def with_schema(good: Workload, **columns: Any) -> Workload:
    """Return the workload with columns of its schema replaced; None drops one."""
    changed = {name.replace("_", " "): column for name, column in columns.items()}
    kept = {name: column for name, column in {**good.schema.columns, **changed}.items() if column is not None}
    schema = pa.DataFrameSchema(kept, strict="filter")
    return replace(good, schema=schema, contract=workload.contract_of(schema))


def with_rows(good: Workload, change: Any) -> Workload:
    """Return the workload with a change to what load returns."""
    return replace(good, load=lambda since, until: change(good.load(since, until)).reset_index(drop=True))


def with_model(good: Workload, estimator: Any) -> Workload:
    """Return the workload with another model."""
    return replace(good, build=estimator)


@pytest.mark.parametrize("settings", [*bundled.WORKLOADS, "examples/masks/gatehouse.toml"])
def test_workload_keeps_the_contract(settings: str):
    """The example, every workload of the tests and the real one do all that Gatehouse needs."""
    loaded = config.load(ROOT / settings, {})
    verdict = check_workload.run(loaded, workload.of(loaded))
    assert refused(verdict) == {}
    assert len(verdict.checks) == len(check_workload.DATA) + len(check_workload.MODEL)


def test_absent_key_is_told(good: Workload):
    """Without an id or a group no row can be held out."""
    assert "roles" in refused(check_workload.run(SMALL, with_schema(good, row=None)))


def test_second_id_is_told(good: Workload):
    """Two ids are none."""
    twice = with_schema(good, mean_radius=pa.Column(float, metadata={"role": "id"}))
    assert "2 columns have the role 'id'" in refused(check_workload.run(SMALL, twice))["roles"]


def test_no_feature_is_told(good: Workload):
    """A model needs something to see."""
    columns = {name: column for name, column in good.schema.columns.items() if name in ("row", "benign")}
    schema = pa.DataFrameSchema(columns)
    bare = replace(good, schema=schema, contract=workload.contract_of(schema))
    assert "roles" in refused(check_workload.run(SMALL, bare))


def test_own_data_must_fit(good: Workload):
    """A schema that refuses its own data is told what it refuses."""
    strict = with_schema(good, mean_radius=pa.Column(float, pa.Check.le(20)))
    assert "'mean radius' should be at most 20" in refused(check_workload.run(SMALL, strict))["schema"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.sample(frac=1), "repeatable"),
        (lambda rows: rows[::-1], "windows"),
        (lambda rows: rows.tail(200), "windows"),
        (lambda rows: pd.concat([rows, rows.iloc[[-1]]]), "schema"),
        (lambda rows: rows.assign(benign=1), "labels"),
        (lambda rows: rows.head(1), "holdout"),
    ],
    ids=["random", "backwards", "forgetful", "repeating", "one class", "one row"],
)
def test_bad_load_is_told(good: Workload, change: Any, told: str):
    """A load that breaks a promise is told which; its model is not tried."""
    verdict = check_workload.run(SMALL, with_rows(good, change))
    assert told in refused(verdict)
    assert not {name for name, _, _ in check_workload.MODEL} & {check.name for check in verdict.checks}


def test_closed_window_is_told(good: Workload):
    """A load whose windows contain their end gives a row twice."""
    closed = replace(good, load=lambda since, until: good.load(since, None if until is None else until + 1))
    assert "`until` does not" in refused(check_workload.run(SMALL, closed))["windows"]


def test_unsorted_time_is_told(good: Workload):
    """Rows with a time must be in its order, and windows must keep to it."""
    timed = with_schema(good, when=pa.Column("datetime64[us]", metadata={"role": "time"}))
    backwards = with_rows(
        timed, lambda rows: rows.assign(when=pd.Timestamp("2026-06-01") - pd.to_timedelta(rows["row"], unit="D"))
    )
    assert {"order", "windows"} <= refused(check_workload.run(SMALL, backwards)).keys()


def test_wrong_positive_is_told(good: Workload):
    """The positive label must be one of the labels."""
    target = pa.Column(int, metadata={"role": "target", "task": "binary", "positive": 7})
    assert "positive 7" in refused(check_workload.run(SMALL, with_schema(good, benign=target)))["labels"]


def fitted_already() -> Any:
    """Return a model that has seen rows before its training."""
    return LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def custom_part() -> Pipeline:
    """Return a pipeline with a part that a bundle cannot hold: a function of the user's."""
    return make_pipeline(FunctionTransformer(halved), StandardScaler(), LogisticRegression(max_iter=1000))


def halved(X: Any) -> Any:
    """Return half of everything."""
    return X / 2


class Whimsical(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model that draws its answers, by itself or by the rows around."""

    def __init__(self, kind: str = "random") -> None:
        self.kind = kind

    def fit(self, X: Any, y: Any) -> "Whimsical":
        """Remember the classes, and a number of its own."""
        self.classes_, self.drawn_ = np.unique(y), np.random.default_rng().random()
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return answers that hang on chance, on the other rows, or are none."""
        first = np.asarray(X)[:, 0].astype(float)
        chance = {
            "random": np.full(len(first), self.drawn_),
            "crowd": (first - first.min() + 1) / (np.ptp(first) + 2),
            "blind": np.full(len(first), np.nan),
        }[self.kind]
        return np.column_stack([chance, 1 - chance])


ONE = LogisticRegression()


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (fitted_already, "build"),
        (lambda: ONE, "build"),
        (lambda: Whimsical("random"), "deterministic"),
        (lambda: Whimsical("crowd"), "rows alone"),
        (lambda: Whimsical("blind"), "answers"),
        (custom_part, "bundle"),
        (lambda: LogisticRegression(penalty="no such"), "fit"),
        (lambda: 3, "fit"),
    ],
    ids=["fitted", "shared", "random", "crowd", "blind", "custom", "wrong", "no model"],
)
@pytest.mark.filterwarnings("ignore")
def test_bad_model_is_told(good: Workload, build: Any, told: str):
    """A model that breaks a promise is told which."""
    assert told in refused(check_workload.run(SMALL, with_model(good, build)))


def test_missing_values_are_tried(good: Workload):
    """A model that cannot take the gaps that the schema allows is told the column."""
    gappy = with_schema(good, mean_radius=pa.Column(float, nullable=True, metadata={"maximum_missing": 0.1}))
    assert "'mean radius'" in refused(check_workload.run(SMALL, gappy))["gaps"]


def test_new_levels_are_tried(good: Workload):
    """A model that cannot take a level that it never saw is told the column."""
    coded = with_schema(good, mean_radius=pa.Column(str))
    texts = with_rows(coded, lambda rows: rows.assign(**{"mean radius": rows["mean radius"].round().astype(str)}))
    assert "'mean radius'" in refused(check_workload.run(SMALL, texts))["new levels"]


def test_defaults_find_the_example():
    """Without any setting the example is tried."""
    assert workload.of(Config()).contract.task == "binary"
