import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import sanity
from gatehouse.gates.sanity import Knobs
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

RANDOM = np.random.default_rng(0)
Y, MODEL, _ = answers.pair(RANDOM, 500)
DUMMY = answers.binary(RANDOM.random(500) < 0.2)


def judged(model: Predictions = MODEL, dummy: Predictions = DUMMY, y: np.ndarray = Y) -> dict[str, Check]:
    """Judge a binary model; the checks by name."""
    checks = sanity.judge(Truth(y, "binary", "yes"), model, dummy, "f1", Knobs())
    return {check.name: check for check in checks}


def test_sane_model_passes() -> None:
    """A model that answers, and answers well, passes every check."""
    checks = judged()
    assert len(checks) == 5
    assert {check.decision for check in checks.values()} == {Decision.PROMOTE}


def test_missing_answers_are_rejected() -> None:
    """A model that answers fewer rows than it was asked is rejected."""
    check = judged(answers.binary(Y[:-1] == "yes"))["answers every row"]
    assert check.decision == Decision.REJECT
    assert "499 answers to 500 rows" in check.why


def test_nan_answers_are_rejected() -> None:
    """A model that answers NaN is rejected, and nothing is concluded from the rest."""
    score = np.where(np.arange(500) < 3, np.nan, 0.5)
    checks = judged(answers.binary(Y == "yes", score))
    assert checks["answers are numbers"].decision == Decision.REJECT
    assert "3 of 500" in checks["answers are numbers"].why
    assert "beats a dummy" not in checks


def test_unknown_classes_are_rejected() -> None:
    """A model that answers a class of its own, or does not know a label, is rejected."""
    strange = Predictions(np.where(Y == "yes", "maybe", "no"), MODEL.scores, MODEL.classes)
    assert "it answered maybe" in judged(strange)["answers known classes"].why
    check = judged(y=np.where(np.arange(500) < 5, "fraud", Y))["answers known classes"]
    assert check.decision == Decision.REJECT
    assert "labels also hold fraud" in check.why


def test_constant_answers_are_rejected() -> None:
    """A model that gives every row the same answer does not look at them."""
    check = judged(answers.binary(np.zeros(500, dtype=bool)))["answers differ"]
    assert check.decision == Decision.REJECT


def test_constant_numbers_are_rejected() -> None:
    """A regression that answers its mean is rejected too."""
    y = np.random.default_rng(1).normal(size=50)
    mean = answers.numbers(np.full(50, y.mean()))
    checks = sanity.judge(answers.truth(y), mean, mean, "mae", Knobs())
    assert checks[-1].name == "answers differ"
    assert checks[-1].decision == Decision.REJECT


def test_useless_model_is_rejected() -> None:
    """A model that guesses does not beat the dummy that guesses."""
    check = judged(answers.scored(np.random.default_rng(1).random(500)))["beats a dummy"]
    assert check.decision == Decision.REJECT
    assert "not proven" in check.why


def test_no_rows_are_an_error() -> None:
    """Without rows nothing was tried."""
    none = answers.binary(np.array([], dtype=bool))
    assert judged(none, none, y=Y[:0])["answers every row"].decision == Decision.ERROR


def test_other_dummy_is_error() -> None:
    """A dummy that answered other rows is no comparison."""
    check = judged(dummy=answers.binary(np.arange(7) < 3))["beats a dummy"]
    assert check.decision == Decision.ERROR


@pytest.mark.parametrize(
    ("metric", "task", "strategy"),
    [
        ("f1", "binary", "stratified"),
        ("log_loss", "multiclass", "prior"),
        ("mae", "regression", "median"),
        ("r2", "regression", "mean"),
    ],
)
def test_dummy_is_fair(metric: str, task: str, strategy: str) -> None:
    """Each metric has the dummy that is hardest to beat without being constant where that is 0."""
    assert sanity.dummy_strategy(metric, Truth(Y, task)) == strategy  # type: ignore[arg-type]


def test_unfit_metric_is_refused() -> None:
    """A metric of another task is a wrong setting."""
    with pytest.raises(ConfigError):
        sanity.dummy_strategy("mae", answers.truth(Y))
