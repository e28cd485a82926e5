import numpy as np
import pytest
from scipy import stats

from gatehouse.gates import score


def test_mean_has_t_error() -> None:
    """The standard error of a mean is that of the t test."""
    rows = np.random.default_rng(0).normal(size=50)
    found = score.mean(rows)
    assert found.value == pytest.approx(rows.mean())
    assert score.standard_error(found.influence, 0.0) == pytest.approx(stats.sem(rows))


def test_agreement_leaves_doubt() -> None:
    """Without a single difference, n rows still allow for a share of about 3/n."""
    assert 1.645 * score.standard_error(np.zeros(300), jump=1.0) == pytest.approx(0.01)


def test_numbers_leave_none() -> None:
    """A metric of numbers that agree everywhere has no error."""
    assert score.standard_error(np.zeros(300), jump=0.0) == 0.0
