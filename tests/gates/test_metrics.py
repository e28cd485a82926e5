import json

import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import metrics

Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(0), 400)
TRUTH = answers.truth(Y)
NUMBERS = np.random.default_rng(1).normal(size=400)


def test_unknown_metric_names_nearest() -> None:
    """A misspelt metric is answered with the nearest one that fits."""
    with pytest.raises(ConfigError, match=r"'f1_score' is unknown\. Did you mean 'f1'"):
        metrics.find("f1_score", "binary")


def test_unfit_metric_names_nearest() -> None:
    """A metric of another task is answered with the nearest one that fits."""
    with pytest.raises(ConfigError, match=r"'f1' does not fit a multiclass task\. Did you mean 'f1_macro'"):
        metrics.find("f1", "multiclass")


@pytest.mark.parametrize(("name", "same"), metrics.SAME.items())
def test_one_name_for_one_metric(name: str, same: str) -> None:
    """A second name of a metric is answered with the first."""
    with pytest.raises(ConfigError, match=rf"'{name}' is unknown\. Did you mean '{same}'"):
        metrics.find(name, "multiclass")


def test_losses_improve_downwards() -> None:
    """A smaller loss is an improvement above 0, and values stay in natural units."""
    found = metrics.compare("mae", answers.truth(NUMBERS), answers.numbers(NUMBERS + 2), answers.numbers(NUMBERS + 1))
    assert (found.champion, found.candidate) == pytest.approx((2, 1))
    assert found.delta == pytest.approx(1)
    assert not found.higher_is_better


@pytest.mark.parametrize("name", [name for name, metric in metrics.TABLE.items() if "binary" in metric.tasks])
def test_swapping_models_swaps_sign(name: str) -> None:
    """Champion and candidate exchanged give the opposite improvement with the same error."""
    there = metrics.compare(name, TRUTH, CHAMPION, CANDIDATE, bootstraps=20)
    back = metrics.compare(name, TRUTH, CANDIDATE, CHAMPION, bootstraps=20)
    assert there.delta == pytest.approx(-back.delta)
    assert there.se == pytest.approx(back.se)


@pytest.mark.parametrize("name", [name for name, metric in metrics.TABLE.items() if "binary" in metric.tasks])
def test_row_order_is_nothing(name: str) -> None:
    """The order of the rows changes no value."""
    order = np.random.default_rng(2).permutation(len(Y))
    turned = metrics.estimate(name, TRUTH.take(order), CHAMPION.take(order), bootstraps=20)
    assert turned.value == pytest.approx(metrics.estimate(name, TRUTH, CHAMPION, bootstraps=20).value)


def test_bootstrap_fills_in() -> None:
    """A metric without a closed form gets its error from the bootstrap, by the seed."""
    first, again = (metrics.compare("average_precision", TRUTH, CHAMPION, CANDIDATE, 50, 7) for _ in range(2))
    assert first.se == again.se > 0


def test_equal_models_leave_doubt() -> None:
    """Two models that agree on 400 rows differ by 0, give or take 2.7/n."""
    found = metrics.compare("accuracy", TRUTH, CHAMPION, CHAMPION)
    assert found.delta == 0
    assert found.bounds(0.95)[0] == pytest.approx(-2.71 / 400, rel=0.01)


def test_estimate_is_json() -> None:
    """An estimate can be written as JSON, with the ends of its interval."""
    document = json.loads(json.dumps(metrics.estimate("f1", TRUTH, CHAMPION).to_dict()))
    assert document["low"] < document["value"] < document["high"]
    assert document["metric"] == "f1"


def test_huge_errors_are_no_evidence() -> None:
    """Numbers too large to square give an error and no warning."""
    with pytest.raises(EvidenceError, match="no evidence"):
        metrics.estimate("mse", answers.truth(NUMBERS), answers.numbers(NUMBERS * 1e300))


def test_same_ranking_leaves_doubt() -> None:
    """Two models that order all rows alike, but are not the same, differ by 0, give or take what a row may move."""
    score = np.random.default_rng(3).random(400)
    found = metrics.compare("auc", TRUTH, answers.scored(score), answers.scored(score**2))
    assert found.delta == 0
    assert found.bounds(0.95)[0] < -0.001
    assert metrics.compare("auc", TRUTH, answers.scored(score), answers.scored(score)).bounds(0.95)[0] == 0
