"""Columns that are known only after the event: none may be a feature, by its name or as a copy under another one."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from gatehouse.contract import Column, Contract
from gatehouse.gates import giveaways, strength
from gatehouse.gates.strength import FEWEST, Strength, Target
from gatehouse.verdicts import Check, Decision

# Of the rows that are not at a column's commonest value: where nearly all rows are alike, every column is a copy.
SAME = 0.99


def declared(found: Sequence[Strength], strongest: Strength | None, target: Target, n: int) -> list[Check]:
    """Say of each declared post-event column, strongest first, what it would tell, and that it is left out.

    `strongest` is the strongest feature: a column that tells more than every feature is pointed out as the leak it is.
    """
    if not found:
        why = "The schema declares none. A column that is known only after the event takes metadata post_event=True."
        return [Check("post-event columns", Decision.PROMOTE, why, n=n)]
    checks = []
    for item in found:
        why = f"{giveaways.said(item, target)}, is leaky: it is known only after the event, so no model may see it"
        if item is found[0] and (strongest is None or item.value > strongest.value):
            why += ". It is the strongest single column of all"
        checks.append(Check(f"post-event {item.column}", Decision.PROMOTE, f"{why}.", item.value, n=n))
    return checks


def used(bundle: Contract, schema: Contract) -> Check:
    """Judge whether a bundle's features are still features by the schema of today."""
    now = {column.name: column for column in schema.columns if column.post_event or column.role != "feature"}
    wrong = [now[column.name] for column in bundle.features if column.name in now]
    why = f"None of the bundle's {len(bundle.features)} features is declared post-event."
    if wrong:
        kinds = [f"'{column.name}' ({'post-event' if column.post_event else column.role})" for column in wrong]
        why = f"The bundle uses as a feature what the schema now calls otherwise: {', '.join(kinds)}. Train again."
    return Check("features of the bundle", Decision.REJECT if wrong else Decision.PROMOTE, why, len(wrong), 0)


def copies(frame: pd.DataFrame, features: Sequence[Column], later: Sequence[Column], n: int) -> Check:
    """Judge whether a feature is nearly a post-event column under another name."""
    name = "copies of post-event columns"
    pairs = [(alike(frame, one, other), one, other) for one in features for other in later]
    value, feature, source = max(pairs, key=lambda pair: pair[0], default=(0.0, None, None))
    if feature is None or source is None:
        return Check(name, Decision.PROMOTE, "There is nothing to be copied.", n=n)
    copied = value > SAME
    why = f"The nearest is '{feature.name}' to '{source.name}', alike by {value:.3f}."
    if copied:
        why = (
            f"'{feature.name}' is nearly a copy of '{source.name}' (alike by {value:.3f}), which is known only after "
            "the event: drop it, or declare it post_event."
        )
    return Check(name, Decision.REJECT if copied else Decision.PROMOTE, why, value, SAME, n=n)


def alike(frame: pd.DataFrame, one: Column, other: Column) -> float:
    """Return how much two columns are alike, 0 to 1.

    Of two numbers, |Spearman|; where one is a category, the smaller of the shares of rows in which either's level
    follows from the other's. Rows where both have their commonest value show nothing and are left out.
    """
    first, second = strength.levels(frame[one.name], one), strength.levels(frame[other.name], other)
    telling = ~((first == np.bincount(first).argmax()) & (second == np.bincount(second).argmax()))
    if telling.sum() < FEWEST:
        return 0.0
    if "category" in (one.kind, other.kind):
        return min(_follows(first[telling], second[telling]), _follows(second[telling], first[telling]))
    pairs = np.column_stack([strength.numbers_of(frame[column.name], column) for column in (one, other)])
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    if len(pairs) < FEWEST or (pairs == pairs[0]).all(axis=0).any():
        return 0.0
    return abs(float(stats.spearmanr(pairs).statistic))


def _follows(given: np.ndarray, told: np.ndarray) -> float:
    """Return the share of rows whose `told` is the commonest one at their `given`, shown by two rows or more."""
    pairs = given.astype(np.int64) * (int(told.max()) + 1) + told
    unique, count = np.unique(pairs, return_counts=True)
    _, place = np.unique(unique // (int(told.max()) + 1), return_inverse=True)
    most = np.zeros(place.max() + 1, dtype=int)
    np.maximum.at(most, place, count)
    return float(most[most > 1].sum() / len(given))
