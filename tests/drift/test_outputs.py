from dataclasses import replace

import numpy as np
import worlds

from gatehouse.drift import outputs
from gatehouse.drift.summary import Levels, Numbers
from gatehouse.predictions import Predictions


def test_binary_has_class_and_score() -> None:
    """Of a binary model the class and the positive's score are followed."""
    answers = worlds.answers(np.random.default_rng(0))
    found = outputs.summaries(answers, worlds.CONTRACT)
    assert tuple(found) == outputs.names(worlds.CONTRACT) == ("predicted class", "predicted score")
    assert isinstance(found["predicted score"], Numbers)


def test_unused_class_is_known() -> None:
    """A class that the model never answered in the reference is no new one."""
    never = Predictions(np.array(["no", "no"]), np.array([[0.9, 0.1], [0.8, 0.2]]), ("no", "yes"))
    found = outputs.summaries(never, worlds.CONTRACT)["predicted class"]
    assert found == Levels(2, 0, {"no": 2, "yes": 0})


def test_multiclass_has_confidence() -> None:
    """Of several classes the class and the highest score are followed."""
    contract = replace(worlds.CONTRACT, task="multiclass", positive=None)
    answers = Predictions(np.array(["a", "c"]), np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), ("a", "b", "c"))
    found = outputs.columns(answers, contract)
    assert tuple(found) == outputs.names(contract)
    assert found["predicted confidence"].tolist() == [0.7, 0.6]


def test_regression_has_value() -> None:
    """Of a regression the value is followed."""
    contract = replace(worlds.CONTRACT, task="regression", positive=None)
    found = outputs.columns(Predictions(np.array([1.0, 2.0]), np.empty(0)), contract)
    assert tuple(found) == outputs.names(contract) == ("predicted value",)
    assert found["predicted value"].tolist() == [1.0, 2.0]
    assert found["predicted value"].dtype == float
