"""The rows of a window, split the same way for every step: what trains, what judges, and the hash of both."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gatehouse import holdout
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Position, Window, position
from gatehouse.errors import EvidenceError
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
    return rows


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
