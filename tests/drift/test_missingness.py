import pytest

from gatehouse.drift import missingness


def test_spike_is_significant() -> None:
    """From 1 % to 6 % missing among a thousand rows is no chance."""
    assert missingness.p_value(10, 1000, 60, 1000) < 1e-6


def test_z_is_published() -> None:
    """Of 20 in 200 against 40 in 200 z is 2.80, which is a p-value of .005."""
    assert missingness.p_value(20, 200, 40, 200) == pytest.approx(0.00511, abs=1e-4)


@pytest.mark.parametrize("counts", [(0, 100, 0, 50), (100, 100, 50, 50), (0, 0, 5, 10), (5, 10, 0, 0)])
def test_nothing_to_test(counts: tuple[int, int, int, int]) -> None:
    """Where nothing or everything is missing, or a side is empty, the p-value is 1."""
    assert missingness.p_value(*counts) == 1
