import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tumours

from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions
from gatehouse.serving import prediction_log
from gatehouse.serving.answers import Answered
from gatehouse.serving.recorder import Recorder
from gatehouse.serving.requests import Batch

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BATCH = Batch(rows=[tumours.ROW, {**tumours.ROW, "mean_texture": None}], ids=["p1", None])
ANSWERS = Predictions(np.array(["yes", "no"]), np.array([[0.1, 0.9], [2 / 3, 1 / 3]]), ("no", "yes"))


def write(folder: Path, moment: datetime = NOON, version: str = "1.2.0", answers: Predictions = ANSWERS) -> Path:
    """Write two records, as a server does."""
    told = Answered("r-1", BATCH, answers.values.tolist(), prediction_log.scores(answers))
    records = Recorder(tumours.opened(version)).records(prediction_log.stamp(moment), told, range(2))
    file = folder / f"{version}-{moment:%H}.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def test_records_read_back(tmp_path: Path) -> None:
    """What was asked and answered comes back, with the time in UTC and the ids beside it."""
    write(tmp_path)
    log = prediction_log.read(tmp_path)
    assert tuple(log.columns) == prediction_log.COLUMNS
    assert log["time"].tolist() == [NOON, NOON]
    assert log["id"].tolist()[0] == "p1"
    assert pd.isna(log["id"].tolist()[1])
    assert log["row"].tolist() == [0, 1]
    assert log["bundle"].tolist() == ["b" * 64] * 2
    assert log.attrs["skipped"] == 0


def test_features_and_predictions(tmp_path: Path) -> None:
    """The log gives the table of features and the predictions, exactly as they were made."""
    write(tmp_path)
    log = prediction_log.read(tmp_path)
    features = prediction_log.features(log)
    assert features.columns.tolist() == ["mean radius", "mean_texture", "area", "dense", "size"]
    assert features["mean_texture"].isna().tolist() == [False, True]
    read = prediction_log.predictions(log)
    assert read.values.tolist() == ANSWERS.values.tolist()
    assert read.classes == ANSWERS.classes
    assert np.array_equal(read.scores, ANSWERS.scores)


def test_selects_by_time(tmp_path: Path) -> None:
    """`since` is included and `until` left out, whatever zone they are given in."""
    for hour in (9, 12, 15):
        write(tmp_path, NOON.replace(hour=hour))
    east = timezone(timedelta(hours=5))
    assert len(prediction_log.read(tmp_path, since=NOON)) == 4
    assert len(prediction_log.read(tmp_path, until=NOON)) == 2
    assert len(prediction_log.read(tmp_path, NOON.astimezone(east), NOON.replace(hour=15, tzinfo=None))) == 2
    assert prediction_log.read(tmp_path)["time"].is_monotonic_increasing


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_skips_half_written_tail(tmp_path: Path, cut: int) -> None:
    """The last line may be cut anywhere: the records before it are read, and it is counted."""
    file = write(tmp_path)
    file.write_bytes(file.read_bytes()[: -cut - 1])
    log = prediction_log.read(tmp_path)
    assert len(log) == 1
    assert log.attrs["skipped"] == 1


def test_skips_foreign_lines(tmp_path: Path) -> None:
    """A line that is no record is counted, whatever it holds instead."""
    write(tmp_path)
    (tmp_path / "odd.jsonl").write_bytes(b'17\n{"time": 1}\n\n\xff\xfe\nnot json\n')
    timeless = dict.fromkeys(prediction_log.COLUMNS, 1)
    (tmp_path / "timeless.jsonl").write_text(json.dumps(timeless))
    assert prediction_log.read(tmp_path).attrs["skipped"] == 5


def test_reads_empty_folder(tmp_path: Path) -> None:
    """A server that nobody asked yet has an empty log, which is no error."""
    log = prediction_log.read(tmp_path)
    assert log.empty
    assert len(prediction_log.predictions(log)) == 0
    assert prediction_log.features(log).empty


def test_refuses_missing_folder(tmp_path: Path) -> None:
    """A log that is not there is missing evidence, not an empty log."""
    with pytest.raises(EvidenceError, match="no prediction log"):
        prediction_log.read(tmp_path / "nowhere")


def test_refuses_mixed_classes(tmp_path: Path) -> None:
    """Scores of models with different classes make no table."""
    write(tmp_path)
    write(tmp_path, version="2.0.0", answers=Predictions(ANSWERS.values, ANSWERS.scores, ("maybe", "yes")))
    log = prediction_log.read(tmp_path)
    with pytest.raises(EvidenceError, match="different classes"):
        prediction_log.predictions(log)
    assert len(prediction_log.predictions(log[log["model_version"] == "2.0.0"])) == 2
