"""One column of a window against its summary in the reference."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from gatehouse import stability
from gatehouse.drift import categorical, distance, ks, missingness, psi, summary
from gatehouse.drift.finding import Bins, Finding, Role
from gatehouse.drift.knobs import Knobs
from gatehouse.drift.summary import Levels, Numbers, Summary

# With fewer values than this on either side, a distribution is not tested; its missing values are.
FEWEST = 20
# Levels that a report draws one by one.
DRAWN = 12


def examine(
    name: str, role: Role, reference: Summary, values: pd.Series, sampled: np.ndarray | None, knobs: Knobs
) -> Finding:
    """Return what is found in a column, shape (m,), m > 0; its distribution is tested on the `sampled` rows, if given.

    Missing values and new levels are counted on all rows.
    """
    numeric = isinstance(reference, Numbers) or (isinstance(reference, Levels) and reference.coded)
    known = np.isfinite(values.to_numpy(dtype=float)) if numeric else values.notna().to_numpy()
    rows, missing = len(values), int((~known).sum())
    chosen = known if sampled is None else known & np.isin(np.arange(rows), sampled)
    base = Finding(
        name,
        role,
        test="none",
        n=int(chosen.sum()),
        missing_reference=reference.missing / reference.rows,
        missing_window=missing / rows,
        missing_p=missingness.p_value(reference.missing, reference.rows, missing, rows),
    )
    if isinstance(reference, Numbers):
        return numbers(base, reference, np.sort(values.to_numpy(dtype=float)[chosen]), knobs)
    if isinstance(reference, Levels):
        found = levels(base, reference, _counted(values[chosen], reference), knobs)
        return found if reference.coded else unseen(found, reference, _counted(values[known], reference), rows)
    return base


def numbers(base: Finding, reference: Numbers, ordered: np.ndarray, knobs: Knobs) -> Finding:
    """Test a number by KS, with the Wasserstein distance and PSI as effects; `ordered` is in rising order."""
    before = reference.distribution
    n, m = before.n, len(ordered)
    if min(n, m) < FEWEST:
        return base
    inner = psi.edges(before, psi.bins(n, m, knobs.psi))
    old, new = psi.reference_counts(before, inner), psi.window_counts(ordered, inner)
    gap = ks.statistic(before, ordered)
    found = replace(
        base,
        test="ks",
        statistic=gap,
        p=ks.p_value(gap, n, m),
        effect=distance.effect(before, ordered),
        floor=knobs.numeric_effect,
        bins=_bins(_ranges(inner), old, new),
    )
    return divergences(found, old, new, knobs)


def levels(base: Finding, reference: Levels, counts: dict[str, int], knobs: Knobs) -> Finding:
    """Test a category by the χ² of homogeneity, with the total variation as effect; `counts` are the window's."""
    names = list(reference.counts)
    unlisted = sum(count for level, count in counts.items() if level not in reference.counts)
    # A new level of a full list is judged apart: here it would be counted twice.
    unlisted = unlisted if reference.coded or reference.others else 0
    old = np.array([*reference.counts.values(), reference.others], dtype=float)
    new = np.array([*(counts.get(level, 0) for level in names), unlisted], dtype=float)
    if min(old.sum(), new.sum()) < FEWEST:
        return base
    before, now = categorical.pool(old, new)
    statistic, p = categorical.homogeneity(before, now)
    found = replace(
        base,
        test="chi2",
        statistic=statistic,
        p=p,
        effect=categorical.total_variation(before, now),
        floor=knobs.category_effect,
        bins=_drawn(names, old, new),
    )
    return divergences(found, before, now, knobs)


def divergences(base: Finding, old: np.ndarray, new: np.ndarray, knobs: Knobs) -> Finding:
    """Add what two vectors of counts, shape (B,), say besides: PSI with its test, and KL and JS for the record."""
    index = stability.index(old, new)
    return replace(
        base,
        psi=index,
        psi_p=stability.p_value(index, len(old), int(old.sum()), int(new.sum()), knobs.psi),
        kl=psi.kullback_leibler(old, new),
        js=psi.jensen_shannon(old, new),
    )


def unseen(base: Finding, reference: Levels, counts: dict[str, int], rows: int) -> Finding:
    """Add levels that the reference does not have; where it lists only the frequent ones, none can be told."""
    new = {level: count for level, count in counts.items() if level not in reference.counts}
    if reference.others or not new:
        return base
    total = sum(new.values())
    names = tuple(sorted(new, key=lambda level: (-new[level], level))[:DRAWN])
    lower = categorical.wilson_lower(total, rows)
    return replace(base, new_levels=names, new_share=total / rows, new_lower=lower)


def _counted(values: pd.Series, reference: Levels) -> dict[str, int]:
    if not reference.coded:
        return summary.level_counts(values)
    distinct, counts = np.unique(values.to_numpy(dtype=float), return_counts=True)
    return dict(zip(summary.texts(distinct), counts.tolist(), strict=True))


def _ranges(inner: np.ndarray) -> list[str]:
    ends = [f"{end:.4g}" for end in inner.tolist()]
    if not ends:
        return ["all"]
    return [f"≤ {ends[0]}", *(f"{a} – {b}" for a, b in pairwise(ends)), f"> {ends[-1]}"]


def _drawn(names: list[str], old: np.ndarray, new: np.ndarray) -> Bins:
    """Draw the most frequent levels one by one and the rest as one."""
    order = np.argsort(-(old[:-1] + new[:-1]), kind="stable")
    top, rest = order[:DRAWN], order[DRAWN:]
    before, now = np.append(old[top], old[rest].sum() + old[-1]), np.append(new[top], new[rest].sum() + new[-1])
    labels = [*(names[place] for place in top), "others"]
    return _bins(labels, before, now) if before[-1] + now[-1] else _bins(labels[:-1], before[:-1], now[:-1])


def _bins(labels: list[str], old: np.ndarray, new: np.ndarray) -> Bins:
    return Bins(tuple(labels), tuple((old / old.sum()).tolist()), tuple((new / new.sum()).tolist()))
