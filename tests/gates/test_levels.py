"""Rows are cut by values, by bins and by several columns, and the levels read well."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import levels
from gatehouse.gates.levels import Cuts, Levels

ROWS = pd.DataFrame(
    {
        "country": pd.Series(["DE", "FR", None, "DE"], dtype="str"),
        "amount": [99.99, 100.0, np.nan, np.inf],
        "member": [True, False, True, True],
        "number": [1, 2, 1, 2],
        "day": pd.to_datetime(["2026-01-01"] * 4),
    }
)


def told(found: Levels) -> list[str]:
    """Return each row's level."""
    return [found.names[code] for code in found.codes]


def cut(**cuts: object) -> dict[str, Levels]:
    """Cut the rows."""
    return levels.cut(ROWS, Cuts(**cuts), "slices")  # type: ignore[arg-type]


def test_values_are_levels() -> None:
    """Each value is a level, and what is missing is one too."""
    found = cut(columns=("country", "member", "number"))
    assert told(found["country"]) == ["DE", "FR", "missing", "DE"]
    assert found["country"].titles == ("country=DE", "country=FR", "country=missing")
    assert told(found["member"]) == ["True", "False", "True", "True"]
    assert told(found["number"]) == ["1", "2", "1", "2"]


def test_bins_read_well() -> None:
    """An edge belongs to the bin above it; infinity is large, and NaN is missing."""
    (found,) = cut(bins={"amount": (100, 500)}).values()
    assert told(found) == ["under 100", "100 to 500", "missing", "500 and more"]
    (found,) = cut(bins={"amount": (0.5, 1e6)}).values()
    assert told(found) == ["0.5 to 1000000", "0.5 to 1000000", "missing", "1000000 and more"]


def test_binned_column_is_cut_once() -> None:
    """A column that is both listed and binned is one cut: the bins."""
    assert told(cut(columns=("amount",), bins={"amount": (0,)})["amount"])[0] == "0 and more"


def test_combinations_join_levels() -> None:
    """Only the levels that occur together are joined, and a binned column joins by its bins."""
    found = cut(bins={"amount": (100,)}, combinations=(("country", "amount", "member"),))
    joined = found.pop("country × amount × member")
    assert told(joined)[:2] == ["DE × under 100 × True", "FR × 100 and more × False"]
    assert len(joined.names) == 4
    assert "country=DE, amount=under 100, member=True" in joined.titles
    assert found.keys() == {"amount"}


def test_nothing_declared_is_nothing() -> None:
    """No cut, and a combination of no columns, give no levels."""
    assert cut() == cut(combinations=((),)) == {}


@pytest.mark.parametrize(
    "cuts", [{"columns": ("nation",)}, {"bins": {"nation": (1,)}}, {"combinations": (("country", "nation"),)}]
)
def test_absent_column_is_named(cuts: dict[str, object]) -> None:
    """A column that the rows lack is named, with those that they have."""
    with pytest.raises(EvidenceError, match=r"\[slices\] names the column 'nation'.*It has: country, amount"):
        cut(**cuts)


@pytest.mark.parametrize("column", ["country", "day"])
def test_words_have_no_bins(column: str) -> None:
    """What is no number cannot be cut at edges."""
    with pytest.raises(ConfigError, match=rf"\[slices\] bins cut '{column}' by numbers, and its values are none"):
        cut(bins={column: (1,)})


def test_too_many_levels_are_refused() -> None:
    """A column or a combination with more levels than can be judged says what to do."""
    rows = pd.DataFrame({"a": np.arange(400), "b": np.arange(400) % 200, "c": np.arange(400) // 200})
    with pytest.raises(ConfigError, match=r"'a', which has 400 levels.*edges in \[fairness\] bins"):
        levels.cut(rows, Cuts(columns=("a",)), "fairness")
    with pytest.raises(ConfigError, match=r"\[slices\] .*'b × c', which gives 400 levels"):
        levels.cut(rows, Cuts(combinations=(("b", "c"),)), "slices")
    most = rows[: levels.MOST_LEVELS]
    (found,) = levels.cut(most, Cuts(columns=("a",)), "slices").values()
    assert len(found.names) == levels.MOST_LEVELS
    joined = levels.cut(most, Cuts(combinations=(("b", "c"),)), "slices")
    assert len(joined["b × c"].names) == levels.MOST_LEVELS


@pytest.mark.parametrize("edges", [(), (2, 1), (1, 1), (1, 2, 2)])
def test_edges_must_rise(edges: tuple[float, ...]) -> None:
    """Edges out of order, twice the same, or none at all are refused."""
    with pytest.raises(ValidationError, match="each above the one before"):
        Cuts(bins={"amount": edges})


@pytest.mark.parametrize("columns", [("a",), ("a", "a")])
def test_combination_needs_two(columns: tuple[str, ...]) -> None:
    """One column joined with nothing, or with itself, is a mistake."""
    with pytest.raises(ValidationError, match="two or more columns"):
        Cuts(combinations=(columns,))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1), st.sets(st.floats(-9, 9), min_size=1))
def test_bins_hold_their_numbers(numbers: list[float], edges: set[float]) -> None:
    """Every number lies in the bin that its edges say, and every level has a row."""
    (found,) = levels.cut(
        pd.DataFrame({"x": pd.Series(numbers, dtype=float)}), Cuts(bins={"x": tuple(sorted(edges))}), "slices"
    ).values()
    assert set(found.codes.tolist()) == set(range(len(found.names)))
    for number, name in zip(numbers, told(found), strict=True):
        if np.isnan(number):
            assert name == "missing"
        elif name.startswith("under "):
            assert number < float(name.removeprefix("under "))
        else:
            low, _, high = name.removesuffix(" and more").partition(" to ")
            assert float(low) <= number
            assert not high or number < float(high)
