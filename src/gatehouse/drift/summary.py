"""One column of the reference, summed up: all that the tests against it need."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gatehouse.contract import label_text
from gatehouse.drift import ecdf
from gatehouse.drift.ecdf import Ecdf

# A number with so few values in the reference is a code or a small count: its shares tell more than its order.
FEW = 15
# Rarer levels than these are summed up together: their tests would have no power.
MOST_LEVELS = 200


@dataclass(frozen=True)
class Numbers:
    """A number: rows, how many are missing (NaN or infinite), and the distribution of the others."""

    rows: int
    missing: int
    distribution: Ecdf


@dataclass(frozen=True)
class Levels:
    """A category: rows, missing ones, the rows of each level, and those of the levels too rare to be listed.

    `coded` marks a number with few values, of which a value not seen before is no new level.
    """

    rows: int
    missing: int
    counts: Mapping[str, int]
    others: int = 0
    coded: bool = False


@dataclass(frozen=True)
class Presence:
    """A column of which only the missing values are followed, as a time, or a number that the reference lacks."""

    rows: int
    missing: int


Summary = Numbers | Levels | Presence


def of_numbers(values: np.ndarray) -> Summary:
    """Sum up a number, shape (n,)."""
    known = values[np.isfinite(values)]
    missing = len(values) - len(known)
    if not len(known):
        return Presence(len(values), missing)
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) <= FEW:
        return Levels(len(values), missing, dict(zip(texts(distinct), counts.tolist(), strict=True)), coded=True)
    return Numbers(len(values), missing, ecdf.of(known))


def of_levels(values: pd.Series, declared: Iterable[str] = ()) -> Levels:
    """Sum up a category; a level that is `declared` is known even if no row has it."""
    counts = Counter(dict.fromkeys(declared, 0))
    counts.update(level_counts(values))
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept, rare = listed[:MOST_LEVELS], listed[MOST_LEVELS:]
    return Levels(len(values), int(values.isna().sum()), dict(kept), sum(count for _, count in rare))


def level_counts(values: pd.Series) -> dict[str, int]:
    """Return the rows of every level, as text, without the missing ones."""
    return dict(Counter(map(str, values.dropna().tolist())))


def texts(numbers: np.ndarray) -> list[str]:
    """Return one spelling of every number."""
    return [label_text(number) for number in numbers.tolist()]


def to_dict(summary: Summary) -> dict[str, Any]:
    """Return JSON-ready values."""
    head: dict[str, Any] = {"rows": summary.rows, "missing": summary.missing}
    if isinstance(summary, Numbers):
        return {"kind": "numbers", **head, **summary.distribution.to_dict()}
    if isinstance(summary, Levels):
        counts = {"counts": dict(summary.counts), "others": summary.others, "coded": summary.coded}
        return {"kind": "levels", **head, **counts}
    return {"kind": "presence", **head}


def from_dict(document: Mapping[str, Any]) -> Summary:
    """Read back what `to_dict` wrote. Raises KeyError, TypeError or ValueError when it did not."""
    kind, rows, missing = document["kind"], int(document["rows"]), int(document["missing"])
    if kind == "numbers":
        return Numbers(rows, missing, ecdf.from_dict(document))
    if kind == "levels":
        counts = {str(level): int(count) for level, count in document["counts"].items()}
        return Levels(rows, missing, counts, int(document["others"]), bool(document["coded"]))
    if kind != "presence":
        raise ValueError(f"'{kind}' is no kind of summary")
    return Presence(rows, missing)
