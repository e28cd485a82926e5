import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle
from gatehouse.contract import Column, Contract
from gatehouse.predictions import Predictions
from gatehouse.serving import requests
from gatehouse.serving import runtime as runtimes
from gatehouse.serving.runtime import ModelError, Runtime

FEATURE = Column("x", "number", minimum=0, maximum=1, maximum_missing=0.5)
NUMBER = Contract((FEATURE, Column("y", "number", "target")), "regression")
CLASS = Contract((FEATURE, Column("y", "category", "target")), "binary", "1")
TRAINED = pd.DataFrame({"x": [0.0, 1.0]})
BOTH = pytest.mark.parametrize("kind", ["onnx", "sklearn"])


@contextmanager
def opened(folder: Path, kind: str, model: Any, contract: Contract, features: Any = TRAINED) -> Iterator[Runtime]:
    """Give the runtime of a kind that serves a model, by way of a bundle."""
    exported = features if kind == "onnx" else None
    written = tumours.write(folder / "bundle", model, contract=contract, features=exported)
    assert written.runtime == kind
    with closing(Runtime(written)) as started:
        yield started


def asked(runtime: Runtime, rows: list[dict[str, Any]]) -> Any:
    """Return the answers for some rows."""
    return asyncio.run(runtime.predict(rows))


@BOTH
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("most", [1, 7, 200])
def test_answers_as_trained(tmp_path: Path, kind: str, task: str, most: int) -> None:
    """Every task is answered as scikit-learn does, for one row, for a few, and for as many as go to a thread."""
    found = workload.find(f"workloads.sklearn_{task}")
    rows = found.load(None, None)
    model = found.build().fit(found.contract.frame(rows), found.contract.labels(rows))
    sent = requests.reader(found.contract, most)
    with opened(tmp_path, kind, model, found.contract, rows) as runtime:
        body = {"rows": requests.payload(rows.head(most), found.contract)}
        answers = asked(runtime, sent.read(json.dumps(body).encode()).rows)
    expected = bundles.Model(model, found.contract).predict(rows.head(most))
    assert (answers.classes, answers.values.dtype.kind) == (expected.classes, expected.values.dtype.kind)
    np.testing.assert_allclose(answers.scores, expected.scores, rtol=0, atol=1e-12)
    assert answers.values.tolist() == (
        pytest.approx(expected.values) if task == "regression" else list(expected.values)
    )


def test_strange_values_are_served(bundle: Bundle) -> None:
    """New levels and missing values get the answer that scikit-learn gives them, in rows and in tables."""
    strange = tumours.rows().head(40).assign(size="huge", ward=None, mean_texture=np.nan)
    model = runtimes.load(bundle)
    rows = requests.reader(bundle.contract, 40).read(
        json.dumps({"rows": requests.payload(strange, bundle.contract)}).encode()
    )
    expected = bundles.load_model(bundle).predict(strange)
    for answers in (model.predict(rows.rows), model.predict_table(strange)):
        np.testing.assert_allclose(answers.scores, expected.scores, rtol=0, atol=1e-9)


@BOTH
def test_predicts_numbers(tmp_path: Path, kind: str) -> None:
    """A regression answers numbers and no classes."""
    model = LinearRegression().fit(TRAINED, [0.0, 2.0])
    with opened(tmp_path, kind, model, NUMBER) as runtime:
        assert runtime.warm() == ""
        answers = asked(runtime, [{"x": 3}, {"x": 4.5}])
    assert answers.values == pytest.approx([6, 9])
    assert answers.classes == ()


@BOTH
def test_model_that_raises(tmp_path: Path, kind: str) -> None:
    """Whatever a model raises is a ModelError, which does not repeat the message: it may quote a value."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(TRAINED, [0, 1])

    async def one_after_another(runtime: Runtime) -> Predictions:
        with pytest.raises(ModelError, match=r"^the model raised ValueError$"):
            await runtime.predict([{"x": None}])
        return await runtime.predict([{"x": 1}])

    with opened(tmp_path, kind, model, CLASS) as runtime:
        assert asyncio.run(one_after_another(runtime)).values.tolist() == ["1"]


def test_unfitted_model_warns(tmp_path: Path) -> None:
    """A model that fails on the row that warms it says so, and does not keep the server from starting."""
    with opened(tmp_path, "sklearn", LogisticRegression(), CLASS) as runtime:
        assert runtime.warm() == "the model raised NotFittedError"


@BOTH
def test_model_that_gives_nan(tmp_path: Path, kind: str) -> None:
    """A number that is not finite is no prediction."""
    model = LogisticRegression().fit(TRAINED, [0, 1])
    model.coef_ = np.array([[np.nan]])
    with opened(tmp_path, kind, model, CLASS) as runtime, pytest.raises(ModelError, match="not finite"):
        asked(runtime, [{"x": 1}])


def test_example_fits_contract(bundle: Bundle) -> None:
    """The row that warms the model has every feature."""
    with closing(Runtime(bundle)) as runtime:
        assert runtime.example() == {
            "mean radius": 50.0, "mean_texture": 0.0, "area": 2500, "dense": True, "size": "small", "ward": "text",
        }  # fmt: skip
        assert runtime.warm() == ""
