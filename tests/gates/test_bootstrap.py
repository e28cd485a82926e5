import answers
import numpy as np
import pytest

from gatehouse.errors import EvidenceError
from gatehouse.gates import bootstrap, label_metrics, probability_metrics

RANDOM = np.random.default_rng(0)
Y, CHAMPION, CANDIDATE = answers.pair(RANDOM, 300)
TRUTH = answers.truth(Y)


def test_models_share_resamples() -> None:
    """Two equal models have equal values on every resample."""
    draws = bootstrap.replicate(label_metrics.f1, TRUTH, [CHAMPION, CHAMPION], 20, 0)
    assert draws.shape == (20, 2)
    assert (draws[:, 0] == draws[:, 1]).all()


def test_seed_repeats_resamples() -> None:
    """One seed gives the same resamples, another one others."""
    first, again, other = (bootstrap.replicate(label_metrics.f1, TRUTH, [CHAMPION], 20, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()


def test_undefined_metric_is_refused() -> None:
    """With one positive in five rows, a third of the resamples have none."""
    truth = np.array([True, False, False, False, False])
    with pytest.raises(EvidenceError, match="resamples"):
        bootstrap.replicate(
            probability_metrics.average_precision, answers.truth(answers.labels(truth)), [answers.binary(truth)], 200, 0
        )
