"""The rows of a window, split the same way for every step: what trains, what judges, and the hash of both."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from gatehouse import holdout
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Position, Since, Window, position
from gatehouse.errors import DataError, EvidenceError
from gatehouse.workload import Workload


@dataclass(frozen=True)
class Rows:
    """Labelled rows of one window. `hash` covers all of them, `holdout_hash` those that judge."""

    training: pd.DataFrame
    holdout: pd.DataFrame
    hash: str
    holdout_hash: str
    window: Window


def prepare(workload: Workload, config: Config, window: Window) -> Rows:
    """Load a window, keep what is labelled, and split it. Raises DataError when nothing is left on one side."""
    loaded = workload.load(window.since, window.until)
    labelled = holdout.labelled(loaded, workload.contract, window.until)
    training, judging = holdout.split(labelled, workload.contract, config.holdout)
    return Rows(training, judging, holdout.fingerprint(labelled), holdout.fingerprint(judging), window)


def of_bundle(bundle: Bundle, workload: Workload, config: Config) -> Rows:
    """Return the rows that a bundle was trained and is judged on.

    Raises EvidenceError when the data is no longer what it was: a candidate is judged on its own rows or not at all.
    """
    data = bundle.manifest["data"]
    rows = prepare(workload, config, Window(since=_read(data["since"]), until=_read(data["until"])))
    if rows.hash != data["hash"]:
        raise EvidenceError(
            f"The bundle {bundle.digest[:12]} was trained on data with the hash {data['hash'][:12]}, and the same "
            f"window now has {rows.hash[:12]}: the data changed in between. Train again."
        )
    if rows.holdout_hash != data["holdout_hash"]:
        raise EvidenceError(
            f"The bundle {bundle.digest[:12]} was trained with another split of the same rows: [holdout] changed in "
            "between, so it may have been trained on rows that would judge it. Train again."
        )
    return rows


def of_earlier(bundle: Bundle, workload: Workload) -> Rows:
    """Return the rows that an earlier model was trained on, as the data is now: by its own window, split and contract.

    Raises EvidenceError when its manifest does not say how it was split, or the data no longer has what that takes.
    """
    data, how = bundle.manifest["data"], bundle.manifest.get("holdout")
    if not how:
        raise EvidenceError("its manifest does not say how its rows were split, as those of newer versions do")
    window = Window(since=_read(data["since"]), until=_read(data["until"]))
    knobs = holdout.Knobs(share=how["share"], recent=how["recent"])
    loaded, contract = workload.load(window.since, window.until), bundle.contract
    needed = [
        contract.target,
        *filter(None, [contract.named("label_time"), contract.named("group") or contract.named("id")]),
    ]
    if absent := [name for name in needed if name not in loaded.columns]:
        raise EvidenceError(f"the data no longer has the column '{absent[0]}', by which its rows were chosen")
    labelled = holdout.labelled(loaded, contract, window.until)
    training, judging = holdout.split(labelled, contract, knobs, how["salt"].encode())
    return Rows(training, judging, holdout.fingerprint(labelled), holdout.fingerprint(judging), window)


def sliding(workload: Workload, length: int, until: Since = None) -> Window:
    """Return the window of the newest `length` days before `until`, or of the newest rows where there are no days."""
    found = workload.load(None, until)
    if found.empty:
        raise DataError(f"There are no rows before {until}, so there is nothing to train on.")
    when = workload.contract.named("time")
    if when is None:
        end = len(found) if until is None else until
        return Window(since=max(0, int(str(end)) - length), until=end)
    last = until if isinstance(until, date) else found[when].max().date() + timedelta(days=1)
    return Window(since=last - timedelta(days=length), until=last)


def described(rows: Rows) -> dict[str, Any]:
    """Return what a manifest says of its data."""
    return {
        "since": _written(rows.window.since),
        "until": _written(rows.window.until),
        "hash": rows.hash,
        "holdout_hash": rows.holdout_hash,
        "training_rows": len(rows.training),
        "holdout_rows": len(rows.holdout),
    }


def _written(value: Position | None) -> str | int | None:
    return value if value is None or isinstance(value, int) else value.isoformat()


def _read(value: str | int | None) -> Position | None:
    return position(str(value)) if value is not None else None
