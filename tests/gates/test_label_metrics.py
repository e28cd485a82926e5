import answers
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from gatehouse.gates import bootstrap, label_metrics
from gatehouse.gates.score import standard_error

Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(3), 1500)
TRUTH = answers.truth(Y)
CLASSES = ("a", "b", "c")
ORACLES = {
    "f1": lambda y, said: sk.f1_score(y, said, pos_label="yes"),
    "recall": lambda y, said: sk.recall_score(y, said, pos_label="yes"),
    "precision": lambda y, said: sk.precision_score(y, said, pos_label="yes"),
    "accuracy": sk.accuracy_score,
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
    error = standard_error(new.influence - old.influence, 0.0)
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
    assert standard_error(influence, 0.0) == pytest.approx(np.sqrt((square - mean**2) / len(Y)))


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
    assert standard_error(new.influence - old.influence, 0.0) == pytest.approx(expected)


def test_macro_matches_sklearn() -> None:
    """F1 macro is scikit-learn's over the classes that occur."""
    random = np.random.default_rng(0)
    y = random.choice(CLASSES, 400)
    said = np.where(random.random(400) < 0.7, y, random.choice(CLASSES, 400))
    truth = answers.truth(y)
    found = label_metrics.f1_macro(truth, answers.multiclass(said, CLASSES))
    assert found.value == pytest.approx(sk.f1_score(y, said, average="macro"))
    draws = bootstrap.replicate(label_metrics.f1_macro, truth, [answers.multiclass(said, CLASSES)], 400, 0)
    assert standard_error(found.influence, 0.0) == pytest.approx(draws.std(), rel=0.12)


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
