import json

import numpy as np
import pandas as pd
import pytest

from gatehouse.drift import summary
from gatehouse.drift.summary import Levels, Numbers, Presence, Summary


def test_few_values_are_levels() -> None:
    """A number with few values is summed up as a category of codes."""
    found = summary.of_numbers(np.array([0.0, 1, 1, 2, np.nan, np.inf]))
    assert found == Levels(6, 2, {"0": 1, "1": 2, "2": 1}, coded=True)


def test_many_values_are_numbers() -> None:
    """A number with many values keeps its distribution; NaN and infinity are missing."""
    found = summary.of_numbers(np.append(np.arange(50.0), [np.nan, -np.inf]))
    assert isinstance(found, Numbers)
    assert (found.rows, found.missing, found.distribution.n) == (52, 2, 50)


def test_nothing_known_is_presence() -> None:
    """Of a number that is always missing only its presence can be followed."""
    assert summary.of_numbers(np.full(4, np.nan)) == Presence(4, 4)


def test_declared_levels_are_known() -> None:
    """A level that the schema lists is known although no row has it."""
    found = summary.of_levels(pd.Series(["a", None, "a"], dtype=object), ["a", "b"])
    assert found == Levels(3, 1, {"a": 2, "b": 0})


def test_rare_levels_are_summed() -> None:
    """Beyond 200 levels the rarest ones are counted together."""
    values = pd.Series([f"v{number}" for number in range(300)] + ["v0"] * 5, dtype=object)
    found = summary.of_levels(values)
    assert len(found.counts) == 200
    assert found.counts["v0"] == 6
    assert found.others == 100


@pytest.mark.parametrize(
    "found",
    [
        summary.of_numbers(np.arange(50.0)),
        summary.of_numbers(np.array([1.0, 2.0])),
        summary.of_levels(pd.Series(["a", "b"], dtype=object)),
        Presence(7, 3),
    ],
)
def test_json_keeps_all(found: Summary) -> None:
    """A summary that went through JSON is the same one."""
    document = summary.to_dict(found)
    assert summary.to_dict(summary.from_dict(json.loads(json.dumps(document)))) == document


def test_strange_kind_is_refused() -> None:
    """A kind that nobody writes is no summary."""
    with pytest.raises(ValueError, match="no kind"):
        summary.from_dict({"kind": "picture", "rows": 1, "missing": 0})
