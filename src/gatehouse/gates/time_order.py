"""Whether the rows lie in time as they should: in their window, with labels known by its end, the newest judging."""

import numpy as np
import pandas as pd
from scipy import stats

from gatehouse.contract import Contract
from gatehouse.gates.leakage import Knobs
from gatehouse.verdicts import Check, Decision

# A place on the axis of time: a day, or a row number.
Bound = object | None


def judge(
    training: pd.DataFrame, judging: pd.DataFrame, contract: Contract, since: Bound, until: Bound, knobs: Knobs
) -> list[Check]:
    """Judge the order of time of rows of the window from `since` to before `until`.

    Where the schema names no time, the rows' index is it: they are in its order.
    """
    rows = pd.concat([training, judging])
    checks = [order(training, judging, contract, knobs), window(rows, contract, since, until)]
    when = contract.named("label_time")
    return [*checks, labels(rows[when], when, until)] if when and _is_day(until) else checks


def order(training: pd.DataFrame, judging: pd.DataFrame, contract: Contract, knobs: Knobs) -> Check:
    """Judge whether the rows that judge are as new as those that train: not proven to be older.

    The figure is the chance that a held-out row is newer than a training row, an AUC. Rows of one group come together,
    so its error is that of the groups' means.
    """
    name, n = "order of time", len(judging)
    moments = _moments(training, contract), _moments(judging, contract)
    if min(map(len, moments)) < 2 or any(np.isnan(part).any() for part in moments):
        why = "There are fewer than two rows on one side, or rows without a time: their order cannot be told."
        return Check(name, Decision.ERROR, why, n=n)
    key = contract.named("group") or contract.named("id")
    sides = [part[key].astype(str).to_numpy() if key else np.arange(len(part)) for part in (training, judging)]
    groups = min(len(np.unique(side)) for side in sides)
    if groups < 2:
        why = "All rows of one side are of one group: chance would put them anywhere, so their order shows nothing."
        return Check(name, Decision.HOLD, why, n=n)
    value, error = newer(moments[0], moments[1], sides[0], sides[1])
    margin = float(stats.t.ppf(knobs.confidence, groups - 1)) * error
    low, high = max(0.0, value - margin), min(1.0, value + margin)
    older = high < 0.5
    why = f"A held-out row is newer than a training row in {value:.0%} of pairs; "
    why += (
        "less than half is proven: the model is judged on the past of what it knows. Let the newest rows judge."
        if older
        else "the holdout is not older than what the model was trained on."
    )
    return Check(name, Decision.REJECT if older else Decision.PROMOTE, why, value, 0.5, (low, high), n)


def newer(old: np.ndarray, new: np.ndarray, old_keys: np.ndarray, new_keys: np.ndarray) -> tuple[float, float]:
    """Return the chance that one of `new` is above one of `old`, ties counting half, and its clustered error."""
    ranked = np.sort(old), np.sort(new)
    above = _share_below(ranked[0], new)
    below = 1 - _share_below(ranked[1], old)
    value = float(above.mean())
    return value, float(np.sqrt(_clustered(above, new_keys) + _clustered(below, old_keys)))


def window(rows: pd.DataFrame, contract: Contract, since: Bound, until: Bound) -> Check:
    """Judge whether every row lies in the window that was asked for; by its number, where the bounds are numbers."""
    name, n, when = "rows in the window", len(rows), contract.named("time")
    asked = (
        f"from {'the first row' if since is None else since} to {'the last' if until is None else f'before {until}'}"
    )
    if when and (_is_day(since) or _is_day(until)):
        times = rows[when]
        inside = times.notna()
        inside &= (times >= _moment(since, times)) if _is_day(since) else True
        inside &= (times < _moment(until, times)) if _is_day(until) else True
        outside = int((~inside).sum())
    elif _is_day(since) or _is_day(until):
        why = f"The schema names no time column, so nobody can tell whether the {n:,} rows are of the window {asked}."
        return Check(name, Decision.HOLD, why, n=n, advisory=True)
    else:
        outside = max(0, n - (int(str(until)) - int(str(since or 0)))) if isinstance(until, int) else 0
    why = (
        f"All {n:,} rows are of the window {asked}."
        if when
        else f"{n:,} rows came, no more than the window {asked} holds."
    )
    if outside:
        why = f"{outside:,} of {n:,} rows are not of the window {asked}: load() must keep to its bounds."
    return Check(name, Decision.REJECT if outside else Decision.PROMOTE, why, outside, 0, n=n)


def labels(known: pd.Series, column: str, until: Bound) -> Check:
    """Judge whether every label was known before the end of the window, as it will be when the model is trained."""
    late = int((~(known < _moment(until, known))).sum())
    why = f"All {len(known):,} labels were known before {until}."
    if late:
        why = (
            f"{late:,} of {len(known):,} labels became known on or after {until} by '{column}', or nobody can tell "
            "when: on that day no model could have been trained on them."
        )
    return Check("labels of the future", Decision.REJECT if late else Decision.PROMOTE, why, late, 0, n=len(known))


def _moments(rows: pd.DataFrame, contract: Contract) -> np.ndarray:
    """Return the place of every row in time as a number, NaN where it has none."""
    when = contract.named("time")
    if when is None:
        return rows.index.to_numpy(dtype=float)
    times = rows[when]
    if not pd.api.types.is_datetime64_any_dtype(times):
        return pd.to_numeric(times, errors="coerce").to_numpy(dtype=float)
    return np.where(times.isna(), np.nan, times.astype("int64").to_numpy(dtype=float))


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return for every value the share of `ordered` below it, with half of its equals."""
    sides = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((sides[0] + sides[1]) / (2 * len(ordered)))


def _clustered(values: np.ndarray, keys: np.ndarray) -> float:
    """Return the variance of the mean of values that come in clusters (Liang and Zeger 1986)."""
    _, place = np.unique(keys, return_inverse=True)
    sums = np.bincount(place, weights=values - values.mean())
    groups = len(sums)
    return float(np.square(sums).sum() / len(values) ** 2 * groups / max(groups - 1, 1))


def _is_day(bound: Bound) -> bool:
    return bound is not None and not isinstance(bound, int)


def _moment(bound: Bound, times: pd.Series) -> pd.Timestamp:
    return pd.Timestamp(str(bound)).tz_localize(getattr(times.dt, "tz", None))
