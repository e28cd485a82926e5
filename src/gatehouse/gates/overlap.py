"""Rows that train and judge at once: by their content, their id, their group; and rows that trained the champion."""

import numpy as np
import pandas as pd
from scipy import stats

from gatehouse.contract import Contract, Role
from gatehouse.gates import leakage
from gatehouse.gates.leakage import Knobs
from gatehouse.verdicts import Check, Decision

MOST_EXAMPLES = 3
KEYS: tuple[Role, ...] = ("id", "group")


def judge(training: pd.DataFrame, judging: pd.DataFrame, contract: Contract, knobs: Knobs) -> list[Check]:
    """Judge whether the rows that judge are new to a model of the training rows."""
    if training.empty or judging.empty:
        why = f"There are {len(training):,} rows to train on and {len(judging):,} held out: nothing can be compared."
        return [Check("duplicate rows", Decision.ERROR, why, n=len(judging))]
    keyed = [role for role in KEYS if contract.named(role)]
    return [duplicates(training, judging, contract, knobs)] + [
        shared(training, judging, contract, role) for role in keyed
    ]


def duplicates(training: pd.DataFrame, judging: pd.DataFrame, contract: Contract, knobs: Knobs) -> Check:
    """Judge the share of holdout rows that stand among the training rows too, by features, later columns and label.

    In a small domain rows are alike by nature, and then as often within the training rows: that holds, for a person to
    tell it from a source that gives its rows twice. More than that rejects.
    """
    name, n = "duplicate rows", len(judging)
    trained, held = content(training, contract), content(judging, contract)
    count = int(np.isin(held, trained).sum())
    share, within = count / n, _repeated(trained)
    low, high = share_bounds(count, n, knobs.confidence)
    why = f"{count:,} of {n:,} held-out rows ({share:.2%}) are also training rows, with all features and the label; "
    why += f"{knobs.duplicates:.2%} may be."
    decision = Decision.PROMOTE
    if low > knobs.duplicates and low > within:
        decision = Decision.REJECT
        why += f" Among the training rows only {within:.2%} have a twin: rows were copied. Drop the copies."
    elif low > knobs.duplicates:
        decision = Decision.HOLD
        why += (
            f" But {within:.2%} of the training rows have a twin too: either such rows are natural here (then raise "
            "[leakage] duplicates), or the source gives its rows twice."
        )
    return Check(name, decision, why, share, knobs.duplicates, (low, high), n, details={"within_training": within})


def shared(training: pd.DataFrame, judging: pd.DataFrame, contract: Contract, role: Role) -> Check:
    """Judge whether an id, or a group, stands on both sides: none may."""
    column = contract.only(role)
    keys = judging[column.name].astype(str)
    both = keys[keys.isin(set(training[column.name].astype(str)))]
    names = sorted(set(both))
    why = f"No value of the {role} '{column.name}' is both in the training rows and in the {len(judging):,} held out."
    if names:
        examples = "" if column.sensitive else f", for example {', '.join(names[:MOST_EXAMPLES])}"
        why = (
            f"{len(names):,} values of the {role} '{column.name}' are on both sides{examples}: {len(both):,} of "
            f"{len(judging):,} held-out rows judge a model that has seen them. "
            + ("Give every row an id of its own." if role == "id" else "Split by the group.")
        )
    decision = Decision.REJECT if names else Decision.PROMOTE
    return Check(f"shared {role}", decision, why, len(both), 0, n=len(judging))


def seen(model: str, trained: pd.DataFrame, judging: pd.DataFrame, contract: Contract, *, certain: bool) -> Check:
    """Judge whether an earlier model was trained on rows that judge now: by their ids, and by their groups.

    `certain` tells that no other row can have trained it than `trained`, or that the split would have kept it from
    these; without it nothing is proven by finding none.
    """
    n = len(judging)
    roles = [role for role in KEYS if _both_have(contract, role, trained, judging)]
    counts = {role: int(_known(judging, trained, contract.only(role).name).sum()) for role in roles}
    worst = max(counts, key=lambda role: counts[role], default=None)
    if worst and counts[worst]:
        same = "" if worst == "id" else f"rows of the same '{contract.only(worst).name}' as "
        why = (
            f"The {model} was trained on {same}{counts[worst]:,} of the {n:,} held-out rows: it has seen what "
            "it is judged by. Split as it was split ([holdout], and the same group), or judge by rows newer than its "
            "window."
        )
        return Check(name_of(model), Decision.REJECT, why, counts[worst], 0, n=n)
    if not roles:
        return unknown(model, "the rows that it was trained on have none of today's ids and groups", n)
    if not certain:
        return unknown(model, "the data of its window has changed since, and it was split otherwise", n)
    why = f"None of the {n:,} held-out rows is among the {len(trained):,} that the {model} was trained on."
    return Check(name_of(model), Decision.PROMOTE, why, 0, 0, n=n)


def name_of(model: str) -> str:
    """Return the name of the check of an earlier model, which is called by its part and its version."""
    return f"{model.split()[0]}'s training rows"


def unknown(model: str, reason: str, n: int) -> Check:
    """Return the check that holds, because nobody can tell what an earlier model was trained on."""
    why = (
        f"It cannot be shown that the {model} was not trained on the held-out rows: {reason}. "
        "If it was, it only looks better than it is, so a person may approve the candidate."
    )
    return Check(name_of(model), Decision.HOLD, why, n=n)


def content(rows: pd.DataFrame, contract: Contract) -> np.ndarray:
    """Return a number for what every row says, shape (n,): equal rows have equal ones, whatever their id and time."""
    told = leakage.opened(contract, rows)
    table = told.frame(rows).assign(**{f"label {contract.target}": contract.labels(rows)})
    return pd.util.hash_pandas_object(table, index=False).to_numpy()


def share_bounds(count: int, n: int, confidence: float) -> tuple[float, float]:
    """Return the exact one-sided lower and upper bound of a share (Clopper and Pearson 1934)."""
    low = float(stats.beta.ppf(1 - confidence, count, n - count + 1)) if count else 0.0
    return low, float(stats.beta.ppf(confidence, count + 1, n - count)) if count < n else 1.0


def _repeated(keys: np.ndarray) -> float:
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    return float((count[place] > 1).mean())


def _known(judging: pd.DataFrame, trained: pd.DataFrame, column: str) -> pd.Series:
    return judging[column].astype(str).isin(set(trained[column].astype(str)))


def _both_have(contract: Contract, role: Role, *tables: pd.DataFrame) -> bool:
    name = contract.named(role)
    return name is not None and all(name in table.columns for table in tables)
