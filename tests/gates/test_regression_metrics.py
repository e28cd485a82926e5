import answers
import numpy as np
import pytest
from sklearn import metrics as sk

from gatehouse.errors import EvidenceError
from gatehouse.gates import bootstrap, regression_metrics
from gatehouse.gates.score import standard_error

RANDOM = np.random.default_rng(0)
Y = RANDOM.gamma(2, 10, 600)
TRUTH = answers.truth(Y)
CHAMPION, CANDIDATE = (answers.numbers(Y + RANDOM.normal(0, 8, 600)) for _ in range(2))
ORACLES = {
    "mae": sk.mean_absolute_error,
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "r2": sk.r2_score,
}


@pytest.mark.parametrize("name", ORACLES)
def test_values_match_sklearn(name: str) -> None:
    """The values are scikit-learn's."""
    found = getattr(regression_metrics, name)(TRUTH, CHAMPION)
    assert found.value == pytest.approx(ORACLES[name](Y, CHAMPION.values))


@pytest.mark.parametrize("name", ORACLES)
def test_errors_match_bootstrap(name: str) -> None:
    """The error of a difference is that of a paired bootstrap."""
    rule = getattr(regression_metrics, name)
    old, new = (rule(TRUTH, model) for model in (CHAMPION, CANDIDATE))
    draws = bootstrap.replicate(rule, TRUTH, [CHAMPION, CANDIDATE], 400, 0)
    error = standard_error(new.influence - old.influence, 0.0)
    assert error == pytest.approx(np.std(draws[:, 1] - draws[:, 0]), rel=0.12)


@pytest.mark.parametrize("name", ORACLES)
def test_own_errors_match_bootstrap(name: str) -> None:
    """The error of one model's value, by which a first model meets its floor, is that of a bootstrap."""
    rule = getattr(regression_metrics, name)
    draws = bootstrap.replicate(rule, TRUTH, [CHAMPION], 400, 0)
    assert standard_error(rule(TRUTH, CHAMPION).influence) == pytest.approx(np.std(draws), rel=0.12)


def test_perfect_root_is_zero() -> None:
    """A model without any error has a root of 0, and no division by it."""
    found = regression_metrics.rmse(TRUTH, answers.numbers(Y))
    assert found.value == 0.0
    assert not found.influence.any()


def test_constant_labels_are_refused() -> None:
    """Where every label is the same there is nothing to explain."""
    with pytest.raises(EvidenceError, match=r"^Every label of the 600 rows is 3, so R² is not defined\. Use mae"):
        regression_metrics.r2(answers.truth(np.full(600, 3.0)), CHAMPION)
