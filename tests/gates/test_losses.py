import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse.gates import losses


def test_mcnemar_is_binomial() -> None:
    """Six rows lost and one gained is the exact binomial tail."""
    old = np.array([True] * 6 + [False] + [True] * 20)
    new = np.array([False] * 6 + [True] + [True] * 20)
    found = losses.of_answers("recall", old, new)
    assert found.p == pytest.approx(stats.binomtest(6, 7, 0.5, alternative="greater").pvalue)
    assert found.drop == pytest.approx(5 / 27)
    assert found.reachable == 0.5**7


def test_no_rows_prove_nothing() -> None:
    """On no rows nothing is lost and nothing could be proven."""
    found = losses.of_answers("recall", np.array([], dtype=bool), np.array([], dtype=bool))
    assert (found.p, found.drop, found.reachable) == (1.0, 0.0, 1.0)


def test_paired_t_is_scipys() -> None:
    """The p-value of errors is scipy's paired one-sided t test."""
    old, new = np.random.default_rng(0).gamma(2, 1, (2, 40))
    found = losses.of_errors("error", old, new + 0.3)
    assert found.p == pytest.approx(stats.ttest_rel(new + 0.3, old, alternative="greater").pvalue)
    assert found.drop == pytest.approx((new.mean() + 0.3) / old.mean() - 1)


@pytest.mark.parametrize(
    ("old", "new", "p", "drop"),
    [([0.0, 0.0], [0.0, 0.0], 1.0, 0.0), ([1.0, 1.0], [2.0, 2.0], 0.0, 1.0), ([0.0, 0.0], [5.0, 5.0], 0.0, 1.0)],
)
def test_constant_differences_are_certain(old: list[float], new: list[float], p: float, drop: float) -> None:
    """Where every row loses the same, there is no spread to divide by."""
    found = losses.of_errors("error", np.array(old), np.array(new))
    assert (found.p, found.drop) == (p, drop)


def test_one_row_proves_nothing() -> None:
    """A single row has no spread, and proves no loss; two that gain, or stay, prove none either."""
    assert losses.of_errors("error", np.array([1.0]), np.array([9.0])).p == 1.0
    assert losses.of_errors("error", np.array([2.0, 2.0]), np.array([1.0, 1.0])).p == 1.0
    found = losses.of_errors("error", np.array([0.2, 0.2]), np.array([0.3, 0.3]))
    assert (found.measure, found.n, found.drop) == ("error", 2, pytest.approx(0.5))


def test_huge_errors_are_tested() -> None:
    """Errors too large to square are tested like others."""
    old, new = np.random.default_rng(0).gamma(2, 1, (2, 40))
    large, plain = losses.of_errors("e", old * 1e200, new * 1e200), losses.of_errors("e", old, new)
    assert large.p == pytest.approx(plain.p)


def test_holm_steps_down() -> None:
    """Each p-value is multiplied by the number of those not smaller, and never falls below the one before."""
    assert losses.holm(np.array([0.03, 0.01, 0.02])) == pytest.approx([0.04, 0.03, 0.04])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_only_raises(p: list[float]) -> None:
    """Adjusting never lowers a p-value, stays at most 1 and keeps the order."""
    adjusted = losses.holm(np.array(p))
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
