import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

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
    assert interval.resolution(1.0, 1000, 0.95) == pytest.approx(2.4865, abs=1e-3)


def test_rows_settle_their_resolution() -> None:
    """As many rows as there are settle exactly what they resolve."""
    resolved = interval.resolution(0.01, 1000, 0.95)
    assert interval.rows_to_settle(0.01, 1000, 0.95, resolved) == pytest.approx(1000, abs=1)
    assert interval.rows_to_settle(0.01, 1000, 0.95, 0.0) is None


def test_agreement_takes_rows_too() -> None:
    """Two models that agree everywhere are 2.7/n apart, and 2.7/distance rows would show it."""
    low, high = interval.bounds(0.0, 0.0, 10**6, 0.95, jump=1.0)
    assert (low, high) == pytest.approx((-2.706e-6, 2.706e-6), rel=1e-3)
    assert interval.rows_to_settle(0.0, 100, 0.95, 0.02, jump=1.0) >= 136


def test_jumps_widen_bounds() -> None:
    """Five rows lost and none won: the bound is that of a score test, (L - 5)² = 1.645²·L, and not Wald's 8.7."""
    n = 10**6
    low, _ = interval.bounds(-5 / n, np.sqrt(5) / n, n, 0.95, jump=1.0)
    assert -low * n == pytest.approx(10.27, abs=0.01)


@given(st.floats(0, 1), st.floats(0, 50), st.floats(-1, 1), st.integers(2, 10**6))
def test_jumps_never_narrow(se: float, jump: float, value: float, n: int) -> None:
    """Whatever was seen, a jump makes no bound narrower, and the value lies between them."""
    low, high = interval.bounds(value, se, n, 0.95, jump)
    narrow = interval.bounds(value, se, n, 0.95)
    assert low <= narrow[0] + 1e-9 <= value + 1e-9
    assert high >= narrow[1] - 1e-9 >= value - 1e-9


@pytest.mark.parametrize("expected", [3, 4, 5, 6, 8, 14, 40])
def test_few_rows_differ_at_the_limit(expected: int) -> None:
    """A candidate that loses just too many rows and wins none is promoted at most 5 % of the time; Wald's, up to 15."""
    n, lost = 2000, np.arange(80)
    loss = lost / n
    errors = np.sqrt(lost - lost**2 / n) / n
    lows = np.array([interval.bounds(-x, e, n, 0.95, 1.0)[0] for x, e in zip(loss, errors, strict=True)])
    promoted = lows >= -expected / n
    assert stats.binom.pmf(lost, n, expected / n)[promoted].sum() <= 0.0505
