import pytest

from gatehouse.gates import interval


def test_bounds_are_one_sided() -> None:
    """At 95 % and many rows the bounds lie 1.645 standard errors away."""
    assert interval.bounds(0.0, 1.0, 10**6, 0.95) == pytest.approx((-1.645, 1.645), abs=1e-3)


def test_few_rows_widen_bounds() -> None:
    """With three rows the t distribution asks for more than the normal one."""
    low, high = interval.bounds(0.0, 1.0, 3, 0.95)
    assert (low, high) == pytest.approx((-2.92, 2.92), abs=1e-2)


def test_resolution_is_249_errors() -> None:
    """The resolution is 2.49 standard errors at 95 % and a power of 80 %."""
    assert interval.resolution(1.0, 0.95) == pytest.approx(2.4865, abs=1e-3)


def test_rows_settle_their_resolution() -> None:
    """As many rows as there are settle exactly what they resolve."""
    assert interval.rows_to_settle(0.01, 1000, 0.95, interval.resolution(0.01, 0.95)) == pytest.approx(1000, abs=1)
    assert interval.rows_to_settle(0.01, 1000, 0.95, 0.0) is None
