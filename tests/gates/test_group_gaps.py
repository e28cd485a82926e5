"""Gaps between groups have the bounds of the literature, and keep them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.gates import group_gaps
from gatehouse.gates.group_gaps import Numbers, Pairs

# In each of some groups: rows, those with the event for the champion, and for the candidate.
GROUPS = st.lists(
    st.integers(2, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))),
    min_size=2,
    max_size=5,
)


def shares(events: list[int], n: list[int], level: float = 0.025) -> Numbers:
    """Return shares with bounds."""
    return group_gaps.shares(np.array(events), np.array(n), level)


def alone(numbers: Numbers) -> Numbers:
    """Put a number beside one that is known to be 0, so that the gap is the number itself."""
    nothing = Numbers(*(np.zeros(1) for _ in range(3)))
    return group_gaps.joined([numbers, nothing])


def test_pair_has_newcombes_bounds() -> None:
    """56 of 70 and 48 of 80 are .0524 to .3339 apart (Newcombe 1998, p. 873-890, method 10)."""
    found = group_gaps.gap(shares([56, 48], [70, 80]), group_gaps.pairs([2]))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_paired_has_newcombes_bounds() -> None:
    """48 and 38 of the same 50, both on 36: .0569 to .3404 apart (Newcombe 1998, p. 2635-2650, method 10)."""
    cells = np.array([[[0, 12], [2, 36]], [[1, 0], [0, 0]]])
    old, new = alone(shares([38], [50])), alone(shares([48], [50]))
    found = group_gaps.growth(old, new, group_gaps.phi(cells), group_gaps.pairs([2]))
    assert (found.low, found.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_means_have_welchs_error() -> None:
    """Two means of many rows are as far apart as the z test says."""
    numbers = group_gaps.means(np.array([1.0, 0.5]), np.array([4.0, 9.0]), np.array([4000, 9000]), 0.025)
    found = group_gaps.gap(numbers, group_gaps.pairs([2]))
    assert (found.low, found.high) == pytest.approx((0.5 - 1.96 * 0.002**0.5, 0.5 + 1.96 * 0.002**0.5), abs=1e-3)


def test_few_means_have_students_bounds() -> None:
    """Of five values the mean has Student's bounds with four degrees of freedom: 2.776 standard errors."""
    found = group_gaps.means(np.array([1.0]), np.array([5.0]), np.array([5]), 0.025)
    assert (found.low[0], found.high[0]) == pytest.approx((1 - 2.776, 1 + 2.776), abs=1e-3)


def test_phi_is_corrected() -> None:
    """Models that agree on every row are not called the same beyond doubt, and a constant one has no correlation."""
    cells = np.array([[[10, 0], [0, 40]], [[0, 0], [10, 40]], [[10, 20], [20, 0]]])
    assert group_gaps.phi(cells) == pytest.approx([(400 - 25) / 400, 0, -400 / 600])


def test_pairs_stay_in_blocks() -> None:
    """Groups are compared within a rate, in both orders."""
    found = group_gaps.pairs([2, 3, 1])
    assert list(zip(found.first.tolist(), found.other.tolist(), strict=True)) == [
        (0, 1), (1, 0), (2, 3), (2, 4), (3, 2), (3, 4), (4, 2), (4, 3),
    ]  # fmt: skip


@given(GROUPS)
def test_bounds_enclose(groups: list[tuple[int, int, int]]) -> None:
    """A gap lies within its bounds, and in whatever order the groups come."""
    n, old, new = map(list, zip(*groups, strict=True))
    ordered, zero = group_gaps.pairs([len(n)]), np.zeros(len(n))
    found = group_gaps.gap(shares(new, n), ordered)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12
    grown = group_gaps.growth(shares(old, n), shares(new, n), zero, ordered)
    assert grown.low - 1e-12 <= grown.value <= grown.high + 1e-12
    back = group_gaps.gap(shares(new[::-1], n[::-1]), ordered)
    assert (found.low, found.high) == pytest.approx((back.low, back.high))


@given(GROUPS)
def test_same_model_grows_nothing(groups: list[tuple[int, int, int]]) -> None:
    """A model compared with itself has not grown its gap."""
    n, _, said = map(list, zip(*groups, strict=True))
    found = group_gaps.growth(shares(said, n), shares(said, n), np.ones(len(n)), group_gaps.pairs([len(n)]))
    assert found.value == 0
    assert found.low <= 0 <= found.high


def slow_low(old: Numbers, new: Numbers, correlation: np.ndarray, ordered: Pairs) -> float:
    """Bound the growth from below without any shortcut, pair by pair and group by group."""
    low = -np.inf
    for a, b in zip(ordered.first, ordered.other, strict=True):
        bounds = []
        for i, j in zip(ordered.first, ordered.other, strict=True):
            pulls = {a: [new.down[a], 0.0], b: [-new.up[b], 0.0]}
            pulls.setdefault(i, [0.0, 0.0])[1] += old.up[i]
            pulls.setdefault(j, [0.0, 0.0])[1] -= old.down[j]
            variance = sum(x**2 + y**2 - 2 * correlation[g] * x * y for g, (x, y) in pulls.items())
            bounds.append(new.value[a] - new.value[b] - old.value[i] + old.value[j] - variance**0.5)
        low = max(low, min(bounds))
    return float(low)


@pytest.mark.parametrize(("sizes", "draws"), [([7, 7, 6], 2), ([2], 60), ([3], 60)])
def test_shortcut_is_exact(sizes: list[int], draws: int) -> None:
    """Looking at the widest pairs first gives the bounds that all of them give."""
    random, ordered = np.random.default_rng(0), group_gaps.pairs(sizes)
    assert sum(sizes) < 20 or len(ordered) > group_gaps.AT_ONCE
    for _ in range(draws):
        n = random.integers(30, 300, sum(sizes))
        shares_of = random.choice([0.05, 0.5, 0.95], sum(sizes))
        old, new = (shares(random.binomial(n, shares_of).tolist(), n.tolist(), 0.001) for _ in range(2))
        correlation = random.uniform(-1, 1, sum(sizes))
        found = group_gaps.growth(old, new, correlation, ordered)
        assert found.low == pytest.approx(slow_low(old, new, correlation, ordered))
        assert found.high == pytest.approx(-slow_low(new, old, correlation, ordered))
