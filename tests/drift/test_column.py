import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatehouse import stability
from gatehouse.drift import categorical, column, psi, summary
from gatehouse.drift.finding import Finding
from gatehouse.drift.knobs import Knobs

KNOBS = Knobs()
NORMAL = np.random.default_rng(0).normal(size=2000)


def numbers(reference: np.ndarray, window: np.ndarray) -> Finding:
    """Examine a number."""
    return column.examine("x", "input", summary.of_numbers(reference), pd.Series(window), None, KNOBS)


def levels(reference: list[str | None], window: list[str | None], declared: tuple[str, ...] = ()) -> Finding:
    """Examine a category."""
    before, now = pd.Series(reference, dtype=object), pd.Series(window, dtype=object)
    return column.examine("x", "input", summary.of_levels(before, declared), now, None, KNOBS)


def test_number_is_tested_by_ks() -> None:
    """A moved number has a small p-value and an effect above its floor."""
    found = numbers(NORMAL[:1000], NORMAL[1000:] + 0.5)
    assert (found.test, found.n, found.floor) == ("ks", 1000, 0.1)
    assert found.p is not None
    assert found.p < 1e-6
    assert found.effect == pytest.approx(0.5, abs=0.1)


def test_number_is_drawn_in_ranges() -> None:
    """A report sees the reference's shares in its own quantiles, and the window's in the same ranges."""
    bins = numbers(NORMAL[:1000], NORMAL[:1000] + 100).bins
    assert bins.labels[0].startswith("≤ ")
    assert bins.labels[-1].startswith("> ")
    first, last = bins.labels[0].removeprefix("≤ "), bins.labels[-1].removeprefix("> ")
    assert bins.labels[1].startswith(f"{first} – ")
    assert bins.labels[-2].endswith(f" – {last}")
    assert bins.reference == pytest.approx([1 / len(bins.labels)] * len(bins.labels), abs=2e-3)
    assert bins.window == (*[0.0] * (len(bins.labels) - 1), 1.0)


def test_other_measures_are_recorded() -> None:
    """The table has PSI with its test, KL, JS and the statistic beside the p-value that decides."""
    before, now = np.array([600.0, 400]), np.array([300.0, 700])
    found = levels(["a"] * 600 + ["b"] * 400, ["a"] * 300 + ["b"] * 700)
    assert found.psi == stability.index(before, now)
    assert found.psi_p == stability.p_value(stability.index(before, now), 2, 1000, 1000, KNOBS.psi)
    assert (found.kl, found.js) == (psi.kullback_leibler(before, now), psi.jensen_shannon(before, now))
    assert (found.statistic, found.p) == categorical.homogeneity(before, now)
    assert (found.floor, found.effect) == (KNOBS.category_effect, pytest.approx(0.3))
    assert numbers(NORMAL[:1000], NORMAL[1000:]).statistic == pytest.approx(
        stats.ks_2samp(NORMAL[:1000], NORMAL[1000:]).statistic
    )


def test_frequent_levels_are_drawn() -> None:
    """The twelve levels that are most frequent on both sides together are drawn apart, the most frequent first."""
    names = [f"v{number:02}" for number in range(15)]
    before = [name for number, name in enumerate(names) for _ in range(10 + number)]
    now = [name for number, name in enumerate(names) for _ in range(100 if number == 0 else 10)]
    bins = levels(before, now).bins
    assert bins.labels == ("v00", *reversed(names[4:]), "others")
    assert bins.reference[:2] == (10 / 255, 24 / 255)
    assert bins.window[:2] == (100 / 240, 10 / 240)
    assert (bins.reference[-1], bins.window[-1]) == (pytest.approx(36 / 255), pytest.approx(30 / 240))


def test_few_levels_have_no_others() -> None:
    """Where every level is drawn, nothing is left for the others."""
    bins = levels(["a"] * 60 + ["b"] * 40, ["b"] * 100).bins
    assert (bins.labels, bins.reference, bins.window) == (("b", "a"), (0.4, 0.6), (1.0, 0.0))


def test_unlisted_rows_are_others() -> None:
    """A number that the reference never had is drawn with the others."""
    bins = numbers(np.repeat([1.0, 2.0], 50), np.repeat([1.0, 7.0], 50)).bins
    assert (bins.labels, bins.reference) == (("1", "2", "others"), (0.5, 0.5, 0.0))
    assert bins.window == (0.5, 0.0, 0.5)


def test_twenty_values_are_enough() -> None:
    """A distribution is tested from twenty values on either side."""
    assert [numbers(NORMAL[:m], NORMAL).test for m in (19, 20)] == ["none", "ks"]
    assert [numbers(NORMAL, NORMAL[:m]).test for m in (19, 20)] == ["none", "ks"]
    assert [levels(["a", "b"] * 50, ["a"] * m).test for m in (19, 20)] == ["none", "chi2"]


def test_small_integers_are_levels() -> None:
    """A count with few values is tested by its shares, and an unseen value is no new level."""
    reference = np.random.default_rng(0).poisson(2, 1000).astype(float)
    found = numbers(reference, np.where(np.arange(1000) < 300, 40.0, reference))
    assert found.test == "chi2"
    assert found.effect == pytest.approx(0.3)
    assert found.new_levels == ()


def test_constant_may_change() -> None:
    """A column that was constant and is another constant now has moved altogether."""
    found = numbers(np.ones(500), np.full(500, 2.0))
    assert found.p is not None
    assert found.p < 1e-6
    assert found.effect == 1.0


def test_constant_may_stay() -> None:
    """A column that is constant on both sides has nothing to test."""
    found = numbers(np.ones(500), np.ones(500))
    assert (found.p, found.effect, found.psi) == (None, 0.0, 0.0)


def test_new_levels_are_bounded() -> None:
    """A level that the reference lacks is counted apart, with a lower bound of its share."""
    found = levels(["a"] * 500 + ["b"] * 500, ["a"] * 490 + ["b"] * 490 + ["z"] * 20)
    assert found.new_levels == ("z",)
    assert found.new_share == 0.02
    assert 0.005 < found.new_lower < 0.02
    assert found.p == pytest.approx(1)
    several = levels(["a"] * 100, ["a"] * 90 + ["y"] * 2 + ["z"] * 5 + ["x"] * 2)
    assert several.new_levels == ("z", "x", "y")


def test_declared_level_is_not_new() -> None:
    """A level that the schema lists is not new, though the reference had none of it."""
    assert levels(["a"] * 1000, ["a"] * 980 + ["z"] * 20, declared=("a", "z")).new_levels == ()


def test_long_tail_has_no_news() -> None:
    """Where the reference lists only the frequent levels, none can be called new."""
    many = [f"v{number}" for number in range(1000)]
    assert levels(many * 2, [*many, "z"]).new_levels == ()


def test_missing_is_counted_in_full() -> None:
    """Shares of missing values come from all rows, tests from the sampled ones."""
    window = np.where(np.arange(1000) < 100, np.nan, NORMAL[:1000])
    reference = summary.of_numbers(NORMAL)
    found = column.examine("x", "input", reference, pd.Series(window), np.arange(500), KNOBS)
    assert (found.n, found.missing_window) == (400, 0.1)
    assert numbers(np.append(NORMAL[:300], [np.nan] * 100), NORMAL).missing_reference == 0.25


def test_time_has_presence_only() -> None:
    """Of a time only the missing values are followed."""
    found = column.examine("x", "input", summary.Presence(10, 0), pd.Series(["2026", None]), None, KNOBS)
    assert (found.test, found.n, found.missing_window) == ("none", 1, 0.5)


@pytest.mark.parametrize("window", [[np.nan] * 50, [np.inf] * 50, [1.0] * 5, [1e308, -1e308] * 30, [0.0] * 50])
def test_strange_windows_are_harmless(window: list[float]) -> None:
    """Nothing known, few values, huge and equal ones give a finding and no warning."""
    found = numbers(NORMAL, np.array(window))
    assert found.effect is None or np.isfinite(found.effect)


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=80), st.lists(st.floats(), min_size=1, max_size=80))
def test_no_numbers_crash(reference: list[float], window: list[float]) -> None:
    """Whatever the numbers, p-values and effects are finite."""
    found = numbers(np.array(reference), np.array(window))
    shown = [value for value in (found.p, found.effect, found.psi, found.psi_p, found.js) if value is not None]
    assert np.isfinite(shown).all()
    assert 0 <= found.missing_p <= 1


@given(*[st.lists(st.sampled_from(["a", "b", "", None, "ü"]), min_size=1, max_size=80)] * 2)
def test_no_levels_crash(reference: list[str | None], window: list[str | None]) -> None:
    """Whatever the levels, p-values and effects are finite."""
    found = levels(reference, window)
    shown = [value for value in (found.p, found.effect, found.psi, found.psi_p, found.js) if value is not None]
    assert np.isfinite(shown).all()
