"""Levels: to which slice or group each row belongs, by the values of a column, by bins of it, or by several columns."""

from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import AfterValidator

from gatehouse.contract import label_text
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.knobs import Looser, knobs

# More levels than a table shows, or than a correction for so many tests leaves any power for.
MOST_LEVELS = 300
MISSING = "missing"
TIMES = " × "


def rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    """Return the edges of bins. Raises ValueError unless there is one, and each is above the one before."""
    if not edges or any(high <= low for low, high in pairwise(edges)):
        raise ValueError("bins need one edge or more, each above the one before it")
    return edges


def joinable(combinations: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return the combinations. Raises ValueError when one of them names a single column, or the same one twice."""
    for columns in combinations:
        if len(columns) == 1 or len(set(columns)) < len(columns):
            raise ValueError("a combination takes two or more columns, each of them once")
    return combinations


Edges = Annotated[tuple[float, ...], AfterValidator(rising), Looser("fewer")]


@knobs
class Cuts:
    """How rows are cut: by each of `columns`, by `bins` (a column and its rising edges), and by `combinations`.

    Any column of the raw rows will do, whether or not the model sees it. In a combination a binned column is binned.
    """

    columns: Annotated[tuple[str, ...], Looser("fewer")] = ()
    bins: Annotated[dict[str, Edges], Looser("fewer")] = field(default_factory=dict)
    combinations: Annotated[tuple[tuple[str, ...], ...], AfterValidator(joinable), Looser("fewer")] = ()


@dataclass(frozen=True)
class Levels:
    """One cut of n rows: `codes` says which of `names` each row has, shape (n,).

    `titles` are the names with their column's name, as "country=DE" or "country=DE, device=ios".
    """

    column: str
    codes: np.ndarray
    names: tuple[str, ...]
    titles: tuple[str, ...]


def cut(rows: pd.DataFrame, cuts: Cuts, section: str) -> dict[str, Levels]:
    """Return every cut that is declared in `section` of the settings, by its column's name.

    Raises EvidenceError naming a column that the rows lack, and ConfigError for one with too many levels, or for bins
    of what is no number. A combination of levels that no row has is no level.
    """
    joined = [columns for columns in cuts.combinations if columns]
    alone = dict.fromkeys((*cuts.columns, *cuts.bins))
    single = {
        name: _single(rows, name, cuts, section)
        for name in dict.fromkeys((*alone, *(name for columns in joined for name in columns)))
    }
    found = [single[name] for name in alone]
    for columns in joined:
        found.append(reduce(lambda one, other: _joined(one, other, section), [single[name] for name in columns]))
    return {levels.column: levels for levels in found}


def of(column: str, values: np.ndarray | pd.Series, section: str) -> Levels:
    """Cut by the values themselves, shape (n,): 1 and 1.0 are the same level, and what is missing is one as well."""
    codes, distinct = pd.factorize(values)
    missing = [MISSING] if (codes < 0).any() else []  # their code is -1, which is the last of the texts
    names, order = np.unique([*map(label_text, distinct), *missing], return_inverse=True)
    if len(names) > MOST_LEVELS:
        raise ConfigError(
            f"[{section}] names the column '{column}', which has {len(names):,} levels, and at most {MOST_LEVELS} can "
            f"be judged. If it holds numbers, give it edges in [{section}] bins; if not, name a coarser column."
        )
    return _named(column, order[codes], names.tolist())


def binned(column: str, values: pd.Series, edges: tuple[float, ...], section: str) -> Levels:
    """Cut numbers, shape (n,), at the edges; an edge belongs to the bin above it."""
    numbers = _numbers(column, values, section)
    written = [np.format_float_positional(edge, trim="-") for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(written)]
    names = [f"under {written[0]}", *between, f"{written[-1]} and more", MISSING]
    codes = np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="right"))
    present, codes = np.unique(codes, return_inverse=True)
    return _named(column, codes, [names[code] for code in present])


def _numbers(column: str, values: pd.Series, section: str) -> np.ndarray:
    found = "points in time"
    if values.dtype.kind not in "mM":
        try:
            return pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError) as error:
            found = str(error)
    raise ConfigError(
        f"[{section}] bins cut '{column}' by numbers, and its values are none ({found}). "
        f"Name it in [{section}] columns instead."
    )


def _single(rows: pd.DataFrame, name: str, cuts: Cuts, section: str) -> Levels:
    if name not in rows.columns:
        raise EvidenceError(
            f"[{section}] names the column '{name}', and the data has none of that name. "
            f"It has: {', '.join(map(str, rows.columns))}."
        )
    if name in cuts.bins:
        return binned(name, rows[name], cuts.bins[name], section)
    return of(name, rows[name], section)


def _named(column: str, codes: np.ndarray, names: list[str]) -> Levels:
    return Levels(column, codes, tuple(names), tuple(f"{column}={name}" for name in names))


def _joined(one: Levels, other: Levels, section: str) -> Levels:
    """Return the pairs of levels that occur together."""
    column, width = f"{one.column}{TIMES}{other.column}", len(other.names)
    pairs, codes = np.unique(one.codes * width + other.codes, return_inverse=True)
    if len(pairs) > MOST_LEVELS:
        raise ConfigError(
            f"[{section}] combinations joins '{column}', which gives {len(pairs):,} levels, and at most {MOST_LEVELS} "
            f"can be judged. Join fewer columns, or give those of numbers fewer edges in [{section}] bins."
        )
    first, second = np.divmod(pairs, width)
    return Levels(
        column,
        codes,
        tuple(f"{one.names[a]}{TIMES}{other.names[b]}" for a, b in zip(first, second, strict=True)),
        tuple(f"{one.titles[a]}, {other.titles[b]}" for a, b in zip(first, second, strict=True)),
    )
