import answers
import numpy as np
import pytest

from gatehouse.gates import metrics, suggestion
from gatehouse.gates.suggestion import Suggestion
from gatehouse.predictions import Predictions

Y, CHAMPION, CANDIDATE = answers.calibrated(np.random.default_rng(0))
TRUTH = answers.truth(Y)


def found(
    candidate: Predictions = CANDIDATE, metric: str = "f1", champion: Predictions = CHAMPION
) -> Suggestion | None:
    """Return what is suggested in place of a metric."""
    pair = metrics.compare(metric, TRUTH, champion, candidate)
    return suggestion.find(pair, TRUTH, champion, candidate, 0.02, 0.95)


def sharpened(model: Predictions, power: float) -> Predictions:
    """Return a model with the same labels and other odds: above 1 it is too sure of itself."""
    odds = np.exp(power * np.log(model.scores[:, 1] / model.scores[:, 0]))
    return Predictions(model.values, np.column_stack([1 / (1 + odds), odds / (1 + odds)]), model.classes)


def test_calibrated_scores_are_suggested() -> None:
    """With one row in ten positive, log loss on calibrated scores carries about twice the signal of F1."""
    better = found()
    assert better is not None
    assert 1.5 < better.signal < 3.5
    assert 0.004 < better.delta < 0.015
    assert better.sentence("f1", "rows") == (
        f"Both models' scores are calibrated, and log_loss carries {better.signal:.1f} times the signal per row: with "
        f'metric = "log_loss" and delta = {better.delta:.2g}, which is as much knowledge lost, and f1 as a guard, '
        f"{better.rows:,} rows prove enough of an equal model."
    )


def test_blinded_model_knows_the_rates() -> None:
    """On a fifth of the rows it answers the commonest class with the rates of all, and as before on the others."""
    blind = suggestion.blinded(TRUTH, CHAMPION, np.random.default_rng(0))
    rates = [(label == Y).mean() for label in CHAMPION.classes]
    told = (blind.scores == rates).all(axis=1)
    assert told.mean() == pytest.approx(0.2, abs=0.03)
    assert set(blind.values[told]) == {"no"}
    assert (blind.values[~told] == CHAMPION.values[~told]).all()
    assert (blind.scores[~told] == CHAMPION.scores[~told]).all()


@pytest.mark.parametrize(("name", "sign"), [("accuracy", 1), ("log_loss", -1)])
def test_blindness_costs(name: str, sign: int) -> None:
    """What blindness costs is a loss for either direction of a metric, in the mean of several draws."""
    random = np.random.default_rng(0)
    seen = metrics.estimate(name, TRUTH, CHAMPION).value
    rounds = min(20, 40_000 // len(Y))
    blind = [metrics.estimate(name, TRUTH, suggestion.blinded(TRUTH, CHAMPION, random)).value for _ in range(rounds)]
    cost = suggestion.cost_of_blindness(name, TRUTH, CHAMPION)
    assert cost == pytest.approx(sign * (seen - np.mean(blind)))
    assert cost > 0


def test_suggested_rows_settle() -> None:
    """So many rows as the suggestion says resolve the tolerance that it says."""
    better = found()
    assert better is not None
    needed = metrics.compare("log_loss", TRUTH, CHAMPION, CANDIDATE).rows_to_settle(0.95, better.delta)
    assert better.rows == needed
    f1 = metrics.compare("f1", TRUTH, CHAMPION, CANDIDATE).rows_to_settle(0.95, 0.02)
    assert f1 is not None
    assert better.rows < f1 / 2


@pytest.mark.parametrize("power", [0.4, 2.5])
def test_uncalibrated_scores_are_not(power: float) -> None:
    """Scores that promise too much or too little are no better evidence, whichever model gave them."""
    wrong = sharpened(CANDIDATE, power)
    assert found(wrong) is None
    assert found(CHAMPION, champion=wrong) is None


def test_scores_need_no_suggestion() -> None:
    """A metric of scores is not replaced."""
    assert found(metric="auc") is None


def test_balanced_labels_need_none() -> None:
    """Where the classes are even, accuracy says nearly as much of a row as log loss."""
    y, champion, candidate = answers.calibrated(np.random.default_rng(0), positives=0.5)
    truth = answers.truth(y)
    pair = metrics.compare("accuracy", truth, champion, candidate)
    assert suggestion.find(pair, truth, champion, candidate, 0.02, 0.95) is None


def test_calibration_is_tested() -> None:
    """True probabilities pass in nineteen of twenty samples or more; for several classes too."""
    random, passed = np.random.default_rng(1), 0
    for _ in range(200):
        scores = random.dirichlet(np.ones(3), 500)
        classes = np.array(["a", "b", "c"])
        y = classes[(random.random(500)[:, None] > scores.cumsum(axis=1)).sum(axis=1).clip(0, 2)]
        model = Predictions(classes[scores.argmax(axis=1)], scores, ("a", "b", "c"))
        passed += suggestion.calibrated(answers.truth(y), model)
    assert passed >= 190


def test_small_fault_is_calibrated() -> None:
    """On very many rows a fault is found that is too small to matter."""
    y, model, _ = answers.calibrated(np.random.default_rng(0), 200_000)
    assert suggestion.calibrated(answers.truth(y), sharpened(model, 1.04))
    assert not suggestion.calibrated(answers.truth(y), sharpened(model, 1.4))
