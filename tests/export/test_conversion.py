"""Export: what scikit-learn's parts answer, ONNX answers too, to the last bits of a double."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

from gatehouse.bundle import Model
from gatehouse.contract import Column, Contract, Task
from gatehouse.export import artifact
from gatehouse.export.refusal import RefusedError
from gatehouse.gates import export
from gatehouse.serving import onnx_model
from gatehouse.verdicts import Decision

NUMBERS, TEXTS = ["size", "weight", "count"], ["colour", "shape"]
LEVELS = {"colour": ["blue", "green", "red"], "shape": ["round", "square"]}


def table(n: int = 600) -> pd.DataFrame:
    """Return rows with gaps, whose label follows from numbers and texts."""
    random = np.random.default_rng(1)
    rows = pd.DataFrame({name: random.normal(size=n) for name in NUMBERS[:2]})
    rows["count"] = random.integers(0, 5, n).astype(float)
    for name, levels in LEVELS.items():
        rows[name] = pd.Series(random.choice(levels, n), dtype=object)
    rows["value"] = rows["size"] + (rows["colour"] == "red") * 2 - (rows["shape"] == "round") * rows["weight"]
    for name in ("weight", "shape"):
        rows.loc[random.random(n) < 0.1, name] = np.nan
    return rows


def contract(task: Task) -> Contract:
    """Return the contract of the table for a task."""
    features = [Column(name, "number", maximum_missing=0.2) for name in NUMBERS]
    features += [Column(name, "category", categories=tuple(LEVELS[name]), maximum_missing=0.2) for name in TEXTS]
    target = Column("y", "number" if task == "regression" else "category", "target")
    return Contract((*features, target), task, "1" if task == "binary" else None)


def fitted(estimator: Any, task: Task) -> tuple[Model, pd.DataFrame]:
    """Return the estimator as a model that was trained on the table, and the table."""
    rows, about = table(), contract(task)
    labels = {"regression": rows["value"], "binary": (rows["value"] > 0.5).astype(int).astype(str)}
    labels["multiclass"] = pd.qcut(rows["value"], 3, labels=["low", "mid", "top"]).astype(str)
    return Model(estimator.fit(about.frame(rows), labels[task].to_numpy()), about), rows


def asked(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with what the model takes of gaps, new levels, and values halfway between two others."""
    more = rows.head(200).copy()
    for part in model.inputs:
        if part.codes is not None and part.new is not None:
            more.loc[more.index % 5 == 1, part.name] = "new"
        if part.missing is not None:
            more.loc[more.index % 7 == 1, part.name] = np.nan
        elif part.name in ("weight", "shape"):
            rows = rows[rows[part.name].notna()]
            more = more[more[part.name].notna()]
    ordered = np.sort(rows["size"].to_numpy())
    halves = rows.head(200).assign(size=(ordered[:-1] / 2 + ordered[1:] / 2)[: len(rows.head(200))])
    return pd.concat([rows, more, halves], ignore_index=True)


ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
ONE_HOT = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.25, drop="first")
FILLED = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
WORDS = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))


def trees(**settings: Any) -> Any:
    """Return boosted trees that are quick to grow."""
    return HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8, early_stopping=False, **settings)


def coded(encoder: Any, rest: Any = "passthrough") -> Any:
    """Return what codes the texts."""
    return make_column_transformer((encoder, TEXTS), remainder=rest)


CASES: dict[str, tuple[Any, Task]] = {
    "boosted": (make_pipeline(coded(ORDINAL), trees()), "binary"),
    "boosted classes": (make_pipeline(coded(ORDINAL), trees()), "multiclass"),
    "boosted categories": (trees(categorical_features=TEXTS), "binary"),
    "categories inside": (make_pipeline(coded(ORDINAL), trees(categorical_features=[0, 1, 4])), "multiclass"),
    "one-hot": (make_pipeline(coded(ONE_HOT, FILLED), LogisticRegression()), "multiclass"),
    "words": (make_pipeline(coded(WORDS, FILLED), LogisticRegression()), "binary"),
    "target codes": (make_pipeline(coded(TargetEncoder(), FILLED), LogisticRegression()), "binary"),
    "forest": (make_pipeline(coded(ORDINAL), RandomForestClassifier(20, random_state=0)), "multiclass"),
    "extra trees": (make_pipeline(coded(ORDINAL, FILLED), ExtraTreesClassifier(20, random_state=0)), "binary"),
    "one tree": (make_pipeline(coded(ORDINAL), DecisionTreeClassifier(max_depth=4)), "binary"),
    "stump": (make_pipeline(coded(ORDINAL), DecisionTreeClassifier(min_samples_leaf=400)), "binary"),
    "forest of numbers": (make_pipeline(coded(ORDINAL), RandomForestRegressor(20, random_state=0)), "regression"),
    "boosted numbers": (make_pipeline(coded(ORDINAL), HistGradientBoostingRegressor(max_iter=20)), "regression"),
    "line": (make_pipeline(coded(WORDS, FILLED), Ridge()), "regression"),
    "selector": (
        make_pipeline(
            make_column_transformer((FILLED, make_column_selector(dtype_include="number")), (WORDS, TEXTS)),
            LogisticRegression(),
        ),
        "binary",
    ),
    "dropped text": (make_pipeline(make_column_transformer((FILLED, NUMBERS)), LogisticRegression()), "binary"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_answers_are_the_same(name: str) -> None:
    """A pipeline of scikit-learn's parts answers as before, on gaps, new levels and the edges of splits."""
    model, rows = fitted(*CASES[name])
    exported = onnx_model.of(artifact.make(model, model.contract.frame(rows)), model.contract)
    tried = asked(exported, rows)
    check = export.judge(model.predict(tried), exported.predict_table(tried), export.Knobs(tolerance=1e-12))
    assert check.decision == Decision.PROMOTE, check.why
    assert check.details["largest"] < 1e-12


def square(values: Any) -> Any:
    """Return the squares."""
    return values * values


MIXED = make_pipeline(make_column_transformer((ONE_HOT, ["colour", "count"])), LogisticRegression())
OWN = make_pipeline(make_column_transformer((FunctionTransformer(square), NUMBERS)), trees())
REFUSED = {
    "own function": (OWN, "skl2onnx cannot convert it"),
    "text beside a number": (MIXED, "OneHotEncoder takes colour, a text, beside count"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_has_a_reason(name: str) -> None:
    """What ONNX cannot say is refused, and why."""
    estimator, why = REFUSED[name]
    model, rows = fitted(estimator, "binary")
    with pytest.raises(RefusedError, match=why):
        artifact.make(model, model.contract.frame(rows))
