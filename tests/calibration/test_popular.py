import numpy as np
import pytest

from calibration import popular


def test_naive_gate_tolerates_a_point() -> None:
    """`new ≥ old − .01` looks at nothing but the two numbers."""
    assert popular.promotes(0.75, 0.741)
    assert not popular.promotes(0.75, 0.739)


def test_metrics_of_many_slices() -> None:
    """F1 and accuracy are taken along the last axis."""
    real = np.array([[True, True, False, False], [False] * 4])
    said = np.array([[True, False, True, False], [False] * 4])
    assert popular.f1(real, said).tolist() == [0.5, 0.0]
    assert popular.accuracy(real, said).tolist() == [0.5, 1.0]


def test_missing_values_are_left_out() -> None:
    """Values that are missing say nothing to KS."""
    before = np.arange(50.0)
    assert popular.ks(before, np.append(before, np.nan)) == (0.0, 1.0)


def test_goodness_of_fit_takes_noise_for_truth() -> None:
    """Its p-value is below that of the test which knows that both are samples."""
    before, now = np.array([400, 350, 250]), np.array([370, 350, 280])
    assert popular.fit(before, now) < popular.homogeneity(before, now)[1]
    assert popular.homogeneity(before, before) == pytest.approx((0.0, 1.0))
