import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import metrics, sanity
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
    assert {check.decision for check in checks.values()} == {Decision.PROMOTE}
    assert [(check.name, check.why, check.observed, check.limit, check.n) for check in checks.values()][:4] == [
        ("answers every row", "The model gave 500 answers to 500 rows.", 500, 500, 500),
        ("answers are numbers", "0 of 500 answers are NaN or infinite.", 0, 0, 500),
        ("answers known classes", "The model knows the classes no, yes, and answers no other.", 0, 0, 500),
        ("answers differ", "The model gave 2 different answers to 500 rows.", 2, 2, 500),
    ]


def test_dummy_is_shown_as_champion() -> None:
    """The comparison with the dummy has the names of that with a champion, so that a report shows both alike."""
    check = judged()["beats a dummy"]
    pair = metrics.compare("f1", answers.truth(Y), DUMMY, MODEL)
    low, high = pair.bounds(0.95)
    assert (check.observed, check.limit, check.interval, check.n) == (pair.delta, 0.0, (low, high), 500)
    assert check.details == {
        "metric": "f1", "against": "dummy", "champion": pair.champion, "candidate": pair.candidate,
        "delta": pair.delta, "low": low, "high": high, "limit": 0.0, "confidence": 0.95,
    }  # fmt: skip
    assert check.why == (
        f"f1 is {pair.candidate:.4g}, and {pair.champion:.4g} for a dummy that sees no feature: an improvement "
        f"of {pair.delta:+.4g}, proven on 500 rows."
    )


def test_missing_answers_are_rejected() -> None:
    """A model that answers fewer rows than it was asked is rejected."""
    check = judged(answers.binary(Y[:-1] == "yes"))["answers every row"]
    assert check.decision == Decision.REJECT
    assert "499 answers to 500 rows" in check.why
    assert (check.observed, check.limit) == (499, 500)


def test_nan_answers_are_rejected() -> None:
    """A model that answers NaN is rejected, and nothing is concluded from the rest."""
    score = np.where(np.arange(500) < 3, np.nan, 0.5)
    checks = judged(answers.binary(Y == "yes", score))
    assert checks["answers are numbers"].decision == Decision.REJECT
    assert checks["answers are numbers"].observed == 3
    assert "3 of 500" in checks["answers are numbers"].why
    assert "beats a dummy" not in checks


def test_unknown_classes_are_rejected() -> None:
    """A model that answers a class of its own, or does not know a label, is rejected."""
    strange = Predictions(np.where(Y == "yes", "maybe", "no"), MODEL.scores, MODEL.classes)
    answered = judged(strange)["answers known classes"]
    assert answered.why == "The model knows the classes no, yes; it answered maybe."
    assert (answered.decision, answered.observed) == (Decision.REJECT, 1)
    check = judged(y=np.where(np.arange(500) < 5, "fraud", Y))["answers known classes"]
    assert check.decision == Decision.REJECT
    assert check.why == "The model knows the classes no, yes; the labels also hold fraud."
    assert (check.observed, check.limit, check.n) == (1, 0, 500)
    many = judged(y=np.array([f"c{number}" for number in range(10)] * 50))["answers known classes"]
    assert many.why.endswith("the labels also hold c0, c1, c2, c3, c4.")


def test_other_task_is_rejected() -> None:
    """A regression is answered with numbers, and a classification with classes."""
    y, numbers = np.arange(500.0), answers.numbers(np.arange(500.0))
    checks = {check.name: check for check in sanity.judge(answers.truth(y), MODEL, numbers, "mae", Knobs())}
    check = checks["answers known classes"]
    assert (check.decision, check.why, check.n) == (Decision.REJECT, "The model answers classes.", 500)
    right = sanity.judge(answers.truth(y), numbers, answers.numbers(y * 0), "mae", Knobs())
    assert [item.why for item in right if item.name == check.name] == ["The model answers numbers."]


def test_constant_answers_are_rejected() -> None:
    """A model that gives every row the same answer does not look at them."""
    check = judged(answers.binary(np.zeros(500, dtype=bool)))["answers differ"]
    why = "The model gave the same answer to all 500 rows: it does not look at them."
    assert check == Check("answers differ", Decision.REJECT, why, 1, 2, n=500)


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
    assert check.why.endswith(", not proven on 500 rows.")


def test_no_rows_are_an_error() -> None:
    """Without rows nothing was tried."""
    none = answers.binary(np.array([], dtype=bool))
    why = "There are no rows to try the model on."
    assert judged(none, none, y=Y[:0]) == {"answers every row": Check("answers every row", Decision.ERROR, why)}


def test_other_dummy_is_error() -> None:
    """A dummy that answered other rows is no comparison."""
    check = judged(dummy=answers.binary(np.arange(7) < 3))["beats a dummy"]
    assert (check.decision, check.name) == (Decision.ERROR, "beats a dummy")
    assert "answered 7 rows" in check.why


@pytest.mark.parametrize(
    ("metric", "task", "strategy"),
    [
        ("f1", "binary", "stratified"),
        ("log_loss", "multiclass", "prior"),
        ("brier", "binary", "prior"),
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
    with pytest.raises(ConfigError):
        sanity.judge(answers.truth(Y), MODEL, DUMMY, "mae", Knobs())
