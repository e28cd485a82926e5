import numpy as np
import pytest

from calibration import draws
from gatehouse.gates import metrics

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("loss", [0.0, 0.03])
def test_models_are_as_good_as_asked(loss: float) -> None:
    """Precision, recall and F1 are all what was asked for."""
    real, _, candidate = draws.pair(RANDOM, 200_000, loss)
    answers = draws.answers(candidate)
    found = [metrics.estimate(name, draws.truth(real), answers).value for name in ("f1", "precision", "recall")]
    assert found == pytest.approx([draws.F1 - loss] * 3, abs=0.006)


def test_models_are_alike() -> None:
    """The more correlated two models are, the fewer rows they answer differently."""
    differing = []
    for correlation in (0.5, 0.9, 1.0):
        _, champion, candidate = draws.pair(RANDOM, 20_000, correlation=correlation)
        differing.append((champion != candidate).mean())
    assert differing[0] > differing[1] > differing[2] == 0


def test_prevalence_is_as_asked() -> None:
    """As many rows are positive as were asked for."""
    real, _, _ = draws.pair(RANDOM, 100_000, prevalence=0.05)
    assert real.mean() == pytest.approx(0.05, abs=0.003)
