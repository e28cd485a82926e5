"""The prediction log: what was asked and answered, one JSON line a prediction. It is what drift reads.

Every process appends to a file of its own, so that no two writers share one, and a reader may come at any time.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatehouse.bundle import Bundle
from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions
from gatehouse.serving.requests import Batch

COLUMNS = ("time", "request_id", "row", "model_version", "bundle", "id", "features", "prediction", "scores")


def records(now: datetime, request_id: str, bundle: Bundle, batch: Batch, answers: Predictions) -> list[dict[str, Any]]:
    """Return one record a row; columns that the contract calls sensitive are left out.

    Each names the bundle's hash: two candidates may have had the same version, of which one was rolled back.
    """
    hidden = {column.name for column in bundle.contract.columns if column.sensitive}
    head = {"time": _stamp(now), "request_id": request_id, "model_version": bundle.version, "bundle": bundle.digest}
    return [
        {
            **head,
            "row": number,
            "id": None if bundle.contract.named("id") in hidden else batch.ids[number],
            "features": {name: value for name, value in row.items() if name not in hidden},
            "prediction": answers.values[number].item(),
            "scores": score,
        }
        for number, (row, score) in enumerate(zip(batch.rows, scores(answers), strict=True))
    ]


def scores(answers: Predictions) -> list[dict[str, float] | None]:
    """Return every row's probabilities by class, or None for a regression."""
    if not answers.classes:
        return [None] * len(answers)
    return [dict(zip(answers.classes, row, strict=True)) for row in answers.scores.tolist()]


def read(folder: Path, since: datetime | None = None, until: datetime | None = None) -> pd.DataFrame:
    """Read the predictions made from `since` (included) to `until` (left out), in the order of time.

    One row a prediction, with the columns COLUMNS: `time` is in UTC, `features` holds a dict, `scores` a dict of the
    classes' probabilities or None. Lines that are no record (the half-written end of a file) are skipped, and their
    number stands in `.attrs["skipped"]`. Raises EvidenceError when the folder cannot be read.
    """
    if not folder.is_dir():
        raise EvidenceError(f"There is no prediction log at {folder}. Name the servers' folder, GATEHOUSE_LOG.")
    low, high = _stamp(since) if since else "", _stamp(until) if until else "~"
    found: list[dict[str, Any]] = []
    skipped = 0
    for record in _lines(folder):
        if record is None:
            skipped += 1
        elif low <= record["time"] < high:
            found.append(record)
    table = pd.DataFrame.from_records(found, columns=COLUMNS)
    table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    table = table.sort_values("time", kind="stable", ignore_index=True)
    table.attrs["skipped"] = skipped
    return table


def features(log: pd.DataFrame) -> pd.DataFrame:
    """Return the features of a log that was read, one column each; sensitive ones were never logged."""
    return pd.DataFrame.from_records(list(log["features"]))


def predictions(log: pd.DataFrame) -> Predictions:
    """Return the predictions of a log that was read.

    Raises EvidenceError when models with different classes wrote it: select one `bundle` first.
    """
    rows: list[dict[str, float] | None] = list(log["scores"])
    classes = tuple(rows[0] or ()) if rows else ()
    if any(tuple(row or ()) != classes for row in rows):
        raise EvidenceError("The prediction log holds models with different classes. Select one bundle first.")
    if not classes:
        return Predictions(log["prediction"].to_numpy(dtype=float), np.empty(0))
    numbers = np.array([list((row or {}).values()) for row in rows], dtype=float)
    return Predictions(log["prediction"].to_numpy(dtype=str), numbers, classes)


def _lines(folder: Path) -> Iterator[dict[str, Any] | None]:
    """Give every record below the folder, and None for a line that is none."""
    for file in sorted(folder.rglob("*.jsonl")):
        try:
            with file.open("rb") as stream:
                yield from (_record(line) for line in stream if line.strip())
        except OSError as error:
            raise EvidenceError(f"The prediction log {file} cannot be read: {error.strerror}.") from error


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.keys() >= set(COLUMNS) else None


def _stamp(moment: datetime) -> str:
    """Return a moment so that the order of the texts is the order of time; without a zone it is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="microseconds")
