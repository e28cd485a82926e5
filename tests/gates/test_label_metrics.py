import answers
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from gatehouse.gates import bootstrap, label_metrics
from gatehouse.gates.score import standard_error
from gatehouse.predictions import Predictions

Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(3), 1500)
TRUTH = answers.truth(Y)
LABELS, OLD, NEW = answers.classified(np.random.default_rng(4))
CLASSES = answers.truth(LABELS)
ORACLES = {
    "f1": lambda y, said: sk.f1_score(y, said, pos_label="yes"),
    "recall": lambda y, said: sk.recall_score(y, said, pos_label="yes"),
    "precision": lambda y, said: sk.precision_score(y, said, pos_label="yes"),
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
}
MANY = {
    "balanced_accuracy": sk.balanced_accuracy_score,
    "f1_macro": lambda y, said: sk.f1_score(y, said, average="macro"),
    "f1_weighted": lambda y, said: sk.f1_score(y, said, average="weighted"),
    "precision_macro": lambda y, said: sk.precision_score(y, said, average="macro"),
    "precision_weighted": lambda y, said: sk.precision_score(y, said, average="weighted"),
}


@pytest.mark.parametrize("name", ORACLES)
def test_values_match_sklearn(name: str) -> None:
    """The values are scikit-learn's."""
    found = getattr(label_metrics, name)(TRUTH, CHAMPION)
    assert found.value == pytest.approx(ORACLES[name](Y, CHAMPION.values))


@pytest.mark.parametrize("name", ORACLES)
def test_errors_match_bootstrap(name: str) -> None:
    """The error of a difference is that of a paired bootstrap."""
    rule = getattr(label_metrics, name)
    old, new = (rule(TRUTH, model) for model in (CHAMPION, CANDIDATE))
    draws = bootstrap.replicate(rule, TRUTH, [CHAMPION, CANDIDATE], 400, 0)
    error = standard_error(new.influence - old.influence)
    assert error == pytest.approx(np.std(draws[:, 1] - draws[:, 0]), rel=0.12)


def test_f1_error_is_eight_cells() -> None:
    """The error of F1's difference is that of the eight cells' shares and gradients."""
    ups, old, new = Y == "yes", CHAMPION.values == "yes", CANDIDATE.values == "yes"
    mean = square = 0.0
    for t, a, b in np.ndindex(2, 2, 2):
        share = float(((ups == t) & (old == a) & (new == b)).mean())
        g = gradient(ups, new, bool(t), bool(b)) - gradient(ups, old, bool(t), bool(a))
        mean, square = mean + share * g, square + share * g**2
    influence = label_metrics.f1(TRUTH, CANDIDATE).influence - label_metrics.f1(TRUTH, CHAMPION).influence
    assert standard_error(influence) == pytest.approx(np.sqrt((square - mean**2) / len(Y)))


def gradient(truth: np.ndarray, said: np.ndarray, t: bool, s: bool) -> float:
    """Return the gradient of one model's F1 for one cell, as it is published."""
    tp, wrong = (truth & said).mean(), (truth != said).mean()
    d = 2 * tp + wrong
    return float(2 * wrong / d**2 if t and s else -2 * tp / d**2 if t != s else 0.0)


def test_accuracy_error_is_discordance() -> None:
    """The error of accuracy's difference follows from the rows on which one model alone is right."""
    old, new = (label_metrics.accuracy(TRUTH, model) for model in (CHAMPION, CANDIDATE))
    b = int(((CHAMPION.values == Y) & (CANDIDATE.values != Y)).sum())
    c = int(((CHAMPION.values != Y) & (CANDIDATE.values == Y)).sum())
    expected = np.sqrt(b + c - (b - c) ** 2 / len(Y)) / len(Y)
    assert standard_error(new.influence - old.influence) == pytest.approx(expected)


@pytest.mark.parametrize("name", MANY)
def test_averages_match_sklearn(name: str) -> None:
    """Averages over classes are scikit-learn's."""
    found = getattr(label_metrics, name)(CLASSES, OLD)
    assert found.value == pytest.approx(MANY[name](CLASSES.y, OLD.values))


@pytest.mark.parametrize("name", MANY)
def test_averages_match_bootstrap(name: str) -> None:
    """The error of a difference of averages is that of a paired bootstrap; so is that of one model's."""
    rule = getattr(label_metrics, name)
    old, new = (rule(CLASSES, model) for model in (OLD, NEW))
    draws = bootstrap.replicate(rule, CLASSES, [OLD, NEW], 400, 0)
    assert standard_error(new.influence - old.influence) == pytest.approx(np.std(draws[:, 1] - draws[:, 0]), rel=0.12)
    assert standard_error(old.influence) == pytest.approx(np.std(draws[:, 0]), rel=0.12)


@pytest.mark.parametrize("name", [*MANY, "accuracy"])
def test_jump_is_one_label(name: str) -> None:
    """No single label that changes moves the value by more than the jump, and one by nearly as much."""
    rule = getattr(label_metrics, name)
    before = rule(CLASSES, OLD)
    moves = []
    for row in range(0, 1500, 10):
        for label in OLD.classes:
            values = OLD.values.copy()
            values[row] = label
            moves.append(abs(rule(CLASSES, Predictions(values, OLD.scores, OLD.classes)).value - before.value))
    assert 0.7 * before.jump < max(moves) * len(OLD) <= 1.02 * before.jump


def test_unseen_class_is_no_average() -> None:
    """A class that only a model knows is a wrong answer, and no part of the average."""
    y = np.array(["a", "a", "b", "b"])
    said = answers.multiclass(np.array(["a", "c", "b", "b"]), ("a", "b", "c"))
    expected = sk.f1_score(y, said.values, labels=["a", "b"], average="macro")
    assert label_metrics.f1_macro(answers.truth(y), said).value == pytest.approx(expected)


def test_nothing_found_is_zero() -> None:
    """A model that never says yes has a precision and an F1 of 0, and the error leaves some doubt."""
    never = answers.binary(np.zeros(len(Y), dtype=bool))
    for rule in (label_metrics.f1, label_metrics.precision):
        found = rule(TRUTH, never)
        assert found.value == 0.0
        assert standard_error(found.influence, found.jump) > 0.0


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60))
def test_influence_is_centred(rows: list[tuple[bool, bool]]) -> None:
    """Whatever the rows, what they pull adds up to nothing, and the value is a share."""
    ups, said = np.array(rows).T
    ups[0], ups[1] = True, False
    for rule in (label_metrics.f1, label_metrics.precision, label_metrics.recall, label_metrics.accuracy):
        found = rule(answers.truth(answers.labels(ups)), answers.binary(said))
        assert 0 <= found.value <= 1
        assert found.influence.sum() == pytest.approx(0, abs=1e-6)
