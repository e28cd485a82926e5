import answers
import numpy as np
import pytest
from sklearn import metrics as sk

from gatehouse.gates import bootstrap, probability_metrics
from gatehouse.gates.score import standard_error
from gatehouse.predictions import Predictions


def model(noise: float, seed: int) -> Predictions:
    """Return scores that follow the truth with some noise, rounded so that there are ties."""
    logit = 3 * UPS - 2 + np.random.default_rng(seed).normal(0, noise, len(UPS))
    return answers.scored(np.round(1 / (1 + np.exp(-logit)), 2).clip(0.01, 0.99))


UPS = np.random.default_rng(0).random(1200) < 0.15
TRUTH = answers.truth(answers.labels(UPS))
CHAMPION, CANDIDATE = model(1.5, 1), model(1.6, 2)
LABELS, OLD, NEW = answers.classified(np.random.default_rng(4))
CLASSES = answers.truth(LABELS)
MANY = {
    "auc_ovr": lambda y, scores: sk.roc_auc_score(y, scores, multi_class="ovr", average="macro"),
    "brier": sk.brier_score_loss,
    "log_loss": sk.log_loss,
}
ORACLES = {
    "auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "brier": sk.brier_score_loss,
    "log_loss": sk.log_loss,
}


@pytest.mark.parametrize("name", ORACLES)
def test_values_match_sklearn(name: str) -> None:
    """The values are scikit-learn's, ties among the scores included."""
    found = getattr(probability_metrics, name)(TRUTH, CHAMPION)
    assert found.value == pytest.approx(ORACLES[name](UPS, CHAMPION.score_of("yes")))


@pytest.mark.parametrize("name", ["auc", "brier", "log_loss"])
def test_errors_match_bootstrap(name: str) -> None:
    """The error of a difference is that of a paired bootstrap."""
    rule = getattr(probability_metrics, name)
    old, new = (rule(TRUTH, model) for model in (CHAMPION, CANDIDATE))
    draws = bootstrap.replicate(rule, TRUTH, [CHAMPION, CANDIDATE], 300, 0)
    error = standard_error(new.influence - old.influence)
    assert error == pytest.approx(np.std(draws[:, 1] - draws[:, 0]), rel=0.12)


@pytest.mark.parametrize("name", MANY)
def test_classes_match_sklearn(name: str) -> None:
    """With several classes the values are scikit-learn's too, ties included."""
    found = getattr(probability_metrics, name)(CLASSES, OLD)
    assert found.value == pytest.approx(MANY[name](CLASSES.y, OLD.scores))


@pytest.mark.parametrize("name", MANY)
def test_classes_match_bootstrap(name: str) -> None:
    """With several classes the error of a difference is that of a paired bootstrap too."""
    rule = getattr(probability_metrics, name)
    old, new = (rule(CLASSES, model) for model in (OLD, NEW))
    draws = bootstrap.replicate(rule, CLASSES, [OLD, NEW], 300, 0)
    assert standard_error(new.influence - old.influence) == pytest.approx(np.std(draws[:, 1] - draws[:, 0]), rel=0.12)


def test_new_class_is_judged() -> None:
    """A model that does not know a class orders its rows by chance, and gave it no probability."""
    known = answers.multiclass(np.array(["a", "b", "a", "b"]), ("a", "b"))
    truth = answers.truth(np.array(["a", "b", "c", "c"]))
    assert probability_metrics.auc_ovr(truth, known).value == pytest.approx((5 / 6 + 5 / 6 + 0.5) / 3)
    assert probability_metrics.brier(truth, known).value == pytest.approx((2 * 0.08 + 2 * 1.68) / 4)


def test_auc_error_is_delong() -> None:
    """The error of AUC's difference is DeLong's, computed pair by pair."""
    old, new = (probability_metrics.auc(TRUTH, model) for model in (CHAMPION, CANDIDATE))
    wins = []
    for scores in (CHAMPION.score_of("yes"), CANDIDATE.score_of("yes")):
        up, down = scores[UPS][:, None], scores[~UPS][None, :]
        wins.append((up > down) + 0.5 * (up == down))
    gap = wins[1] - wins[0]
    variance = gap.mean(axis=1).var(ddof=1) / len(gap) + gap.mean(axis=0).var(ddof=1) / gap.shape[1]
    assert standard_error(new.influence - old.influence) == pytest.approx(np.sqrt(variance))


def test_unknown_class_is_costly() -> None:
    """A class that the model does not know had no probability at all."""
    known = answers.multiclass(np.array(["a", "b"]), ("a", "b"))
    found = probability_metrics.log_loss(answers.truth(np.array(["a", "c"])), known)
    assert found.value == pytest.approx((-np.log(0.8) - np.log(np.finfo(float).eps)) / 2)


def test_average_precision_needs_positives() -> None:
    """Without a positive it is not defined."""
    none = np.zeros(4, dtype=bool)
    found = probability_metrics.average_precision(answers.truth(answers.labels(none)), answers.binary(none))
    assert np.isnan(found.value)
