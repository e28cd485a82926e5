import numpy as np
import pytest

from gatehouse.drift import distance, ecdf

NORMAL = np.random.default_rng(0).normal(size=5000)


@pytest.mark.parametrize("shift", [-0.5, 0.25, 1.0])
def test_shift_is_measured(shift: float) -> None:
    """A shift of some standard deviations has that effect."""
    assert distance.effect(ecdf.of(NORMAL), np.sort(NORMAL + shift)) == pytest.approx(abs(shift), rel=0.06)


@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1e6, 1e300])
def test_units_are_nothing(unit: float) -> None:
    """The effect is the same in any unit, however huge or tiny."""
    plain = distance.effect(ecdf.of(NORMAL), np.sort(NORMAL + 0.3))
    assert distance.effect(ecdf.of(NORMAL * unit), np.sort((NORMAL + 0.3) * unit)) == pytest.approx(plain)


def test_same_sample_has_none() -> None:
    """A sample against itself has no effect."""
    assert distance.effect(ecdf.of(NORMAL), np.sort(NORMAL)) == pytest.approx(0, abs=2e-3)


def test_outliers_are_winsorised() -> None:
    """A few absurd values among many make no effect."""
    window = np.append(NORMAL[:-10], np.full(10, 1e308))
    assert distance.effect(ecdf.of(NORMAL), np.sort(window)) < 0.02


@pytest.mark.parametrize("common", [0.8, 0.999])
def test_mostly_one_value(common: float) -> None:
    """A column that is 0 nearly always still has a scale, and a move of all of it an effect."""
    values = np.where(np.arange(5000) < common * 5000, 0.0, np.abs(NORMAL) + 1)
    assert distance.effect(ecdf.of(values), np.sort(values)) < 0.01
    assert distance.effect(ecdf.of(values), np.sort(values + 0.5)) > 0.1


@pytest.mark.parametrize("value", [0.0, 3.0, -3.0])
def test_constant_is_its_own_unit(value: float) -> None:
    """A constant that stays has not moved; one that leaves is cut at the constant, which has no other value."""
    assert distance.effect(ecdf.of(np.full(50, value)), np.full(50, value)) == 0.0
