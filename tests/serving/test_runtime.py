import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.linear_model import LinearRegression, LogisticRegression

from gatehouse.contract import Column, Contract
from gatehouse.serving.runtime import ModelError, Runtime

FEATURE = Column("x", "number", minimum=0, maximum=1)
NUMBER = Contract((FEATURE, Column("y", "number", "target")), "regression")
CLASS = Contract((FEATURE, Column("y", "category", "target")), "binary", "1")


@contextmanager
def runtime(folder: Path, model: Any, contract: Contract) -> Iterator[Runtime]:
    """Give the runtime of a model, by way of a bundle."""
    with closing(Runtime(tumours.write(folder / "bundle", model, contract=contract))) as opened:
        yield opened


def test_predicts_numbers(tmp_path: Path) -> None:
    """A regression answers numbers and no classes."""
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 2.0])
    with runtime(tmp_path, model, NUMBER) as opened:
        assert opened.warm() == ""
        answers = asyncio.run(opened.predict([{"x": 3}, {"x": 4.5}]))
    assert answers.values == pytest.approx([6, 9])
    assert answers.classes == ()


def test_model_that_raises(tmp_path: Path) -> None:
    """Whatever a model raises is a ModelError, which does not repeat the message: it may quote a value."""
    with runtime(tmp_path, LogisticRegression(), CLASS) as opened:
        assert opened.warm() == "the model raised NotFittedError"
        with pytest.raises(ModelError, match=r"^the model raised NotFittedError$"):
            asyncio.run(opened.predict([{"x": 1}]))


def test_model_that_gives_nan(tmp_path: Path) -> None:
    """A number that is not finite is no prediction."""
    model = LogisticRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0, 1])
    model.coef_ = np.array([[np.nan]])
    with runtime(tmp_path, model, CLASS) as opened, pytest.raises(ModelError, match="not finite"):
        asyncio.run(opened.predict([{"x": 1}]))


def test_example_fits_contract(tmp_path: Path) -> None:
    """The row that warms the model has every feature."""
    with runtime(tmp_path, None, tumours.CONTRACT) as opened:
        assert opened.example() == {
            "mean radius": 50.0, "mean_texture": 0.0, "area": 2500, "dense": True, "size": "small", "ward": "text",
        }  # fmt: skip
        assert opened.warm() == ""
