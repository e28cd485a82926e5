"""The prediction log: what was asked and answered, one JSON line a prediction. It is what drift reads.

Every process appends to a file of its own, so that no two writers share one, and a reader may come at any time.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions
from gatehouse.serving import log_source

if TYPE_CHECKING:
    import pandas as pd

RECORDED = ("time", "request_id", "row", "model_version", "bundle", "id", "features", "prediction", "scores")
# What is said of few records only, and false of all others.
MARKS = ("fallback", "tester")
COLUMNS = (*RECORDED, *MARKS)


def scores(answers: Predictions) -> list[dict[str, float] | None]:
    """Return every row's probabilities by class, or None for a regression."""
    if not answers.classes:
        return [None] * len(answers)
    return [dict(zip(answers.classes, row, strict=True)) for row in answers.scores.tolist()]


def read(where: Path | str, since: datetime | None = None, until: datetime | None = None) -> "pd.DataFrame":
    """Read the predictions made from `since` (included) to `until` (left out), as `table` returns them.

    `where` is a folder or an fsspec URL. Raises EvidenceError when it cannot be read.
    """
    return table(log_source.lines(where, _aware(since) if since else None), since, until)


def table(lines: Iterable[bytes], since: datetime | None = None, until: datetime | None = None) -> "pd.DataFrame":
    """Return the predictions in a log's lines that were made between two moments, in the order of time.

    One row a prediction, with the columns COLUMNS: `time` is in UTC, `features` holds a dict, `scores` a dict of the
    classes' probabilities or None; `fallback` is true where the model had failed, `tester` where a tester asked. Lines
    that are no record (the half-written end of a file) are skipped, and their number stands in `.attrs["skipped"]`.
    """
    # A server only writes, and its image may hold no pandas.
    import pandas as pd

    low, high = stamp(since) if since else "", stamp(until) if until else "~"
    found: list[dict[str, Any]] = []
    skipped = 0
    for line in lines:
        record = _record(line)
        if record is None:
            skipped += 1
        elif low <= record["time"] < high:
            found.append(record)
    made = pd.DataFrame.from_records(found, columns=COLUMNS)
    made["time"] = pd.to_datetime(made["time"], utc=True, format="ISO8601")
    made = made.sort_values("time", kind="stable", ignore_index=True)
    made.attrs["skipped"] = skipped
    return made


def features(log: "pd.DataFrame") -> "pd.DataFrame":
    """Return the features of a log that was read, one column each; sensitive ones were never logged."""
    import pandas as pd

    return pd.DataFrame.from_records(list(log["features"]))


def predictions(log: "pd.DataFrame") -> Predictions:
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


def stamp(moment: datetime) -> str:
    """Return a moment so that the order of the texts is the order of time; without a zone it is UTC."""
    return _aware(moment).isoformat(timespec="microseconds")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or not record.keys() >= set(RECORDED) or not isinstance(record["time"], str):
        return None
    return {**dict.fromkeys(MARKS, False), **record}
