import numpy as np
import pytest

from calibration import draws, quality
from gatehouse.gates import quality as gate
from gatehouse.gates.quality import Knobs


@pytest.mark.parametrize("loss", [-0.02, 0.0, 0.03, 0.08])
def test_simulation_judges_as_the_gate(loss: float) -> None:
    """What is simulated is the gate's own check, to the last number."""
    real, champion, candidate = draws.pair(np.random.default_rng(3), quality.ROWS, loss)
    simulated = quality.judged(real, champion, candidate)
    (judged,) = gate.judge(draws.truth(real), draws.answers(champion), draws.answers(candidate), Knobs())
    assert (simulated.decision, simulated.interval) == (judged.decision, judged.interval)
    assert simulated.details["recommended"] == judged.details["recommended"]
