import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tumours

from gatehouse.contract import Column, Contract
from gatehouse.errors import ConfigError
from gatehouse.serving import recorder
from gatehouse.serving.answers import Answered
from gatehouse.serving.log_writer import LogWriter
from gatehouse.serving.recorder import Recorder, veil
from gatehouse.serving.requests import Batch

NOON = "2026-01-31T12:00:00.000000+00:00"
KEY = "a key that is long enough"


def answered(batch: Batch, request_id: str = "r-1") -> Answered:
    """Return a request with what a model answers for its rows."""
    rows = len(batch.rows)
    return Answered(request_id, batch, ["yes"] * rows, [{"no": 0.25, "yes": 0.75}] * rows)


def record(row: dict[str, Any] = tumours.ROW, **settings: Any) -> dict[str, Any]:
    """Return the record of one row."""
    batch = Batch(rows=[row], ids=["p1"])
    return Recorder(tumours.opened(), **settings).records(NOON, answered(batch), [0])[0]


def test_tells_what_was_answered() -> None:
    """A record names the time, the request, the model and the row, with what was asked and answered."""
    assert record() == {
        "time": NOON, "request_id": "r-1", "model_version": "1.2.0", "bundle": "b" * 64,
        "row": 0, "id": "p1", "features": {name: value for name, value in tumours.ROW.items() if name != "ward"},
        "prediction": "yes", "scores": {"no": 0.25, "yes": 0.75},
    }  # fmt: skip


def test_sensitive_columns_stay_out() -> None:
    """Not a trace of a column that the schema calls sensitive is in a record, be it a feature or the id."""
    text = json.dumps(record())
    assert "ward" not in text
    assert tumours.ROW["ward"] not in text
    contract = Contract((Column("key", "category", role="id", sensitive=True),), "regression")
    number = Answered("r", Batch([{}], ["secret"]), [1.5], [None])
    found = Recorder(tumours.opened(contract=contract)).records(NOON, number, [0])[0]
    assert (found["id"], found["prediction"], found["scores"]) == (None, 1.5, None)


def test_key_hashes_sensitive_columns() -> None:
    """With a key the same value has the same hash in every record, another one another, and a gap stays a gap."""
    first, again, other, gap = (
        record({**tumours.ROW, "ward": ward}, key=KEY)["features"]["ward"] for ward in ("007", "007", "008", None)
    )
    assert first == again != other
    assert gap is None
    assert len(first) == 32


def test_hash_needs_the_key() -> None:
    """Another key, or another column, gives another hash: none can be looked up, or held beside another's."""
    contract = Contract((Column("a", "category", sensitive=True), Column("b", "category", sensitive=True)), "binary")
    one, two = veil(contract, KEY), veil(contract, KEY[::-1])
    assert len({one.value("a", "x"), one.value("b", "x"), two.value("a", "x")}) == 3


def test_refuses_short_key() -> None:
    """A key that could be guessed is refused, without being told."""
    with pytest.raises(ConfigError, match="GATEHOUSE_LOG_KEY has 6 characters") as caught:
        veil(tumours.CONTRACT, "secret")
    assert "secret" not in str(caught.value).replace("secrets", "")


def test_samples_by_share() -> None:
    """A share of the rows is chosen at random, of single rows as of many."""
    random.seed(0)
    sampling = Recorder(tumours.opened(), share=0.25)
    many = sampling.chosen(10_000)
    single = sum(len(sampling.chosen(1)) for _ in range(10_000))
    assert 2300 < len(many) < 2700
    assert 2300 < single < 2700
    assert list(many) == sorted(set(many))
    assert list(Recorder(tumours.opened()).chosen(3)) == [0, 1, 2]


def test_logs_the_chosen_rows(tmp_path: Path) -> None:
    """What reaches the file are the chosen rows, each under its own number; of nothing chosen, nothing."""
    random.seed(1)
    sampling, log = Recorder(tumours.opened(), share=0.5), LogWriter(tmp_path, print)
    batch = Batch(rows=[{**tumours.ROW, "area": number} for number in range(50)], ids=[None] * 50)
    sampling.add(log, datetime.now(UTC), [answered(batch)])
    Recorder(tumours.opened(), share=0.0).add(log, datetime.now(UTC), [answered(batch, "r-2")])
    log.close()
    found = [json.loads(line) for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert 10 < len(found) < 40
    assert {item["request_id"] for item in found} == {"r-1"}
    assert [item["row"] for item in found] == [item["features"]["area"] for item in found]


@pytest.mark.parametrize("rows", [recorder.AT_ONCE, recorder.AT_ONCE + 1])
def test_large_requests_are_logged_too(tmp_path: Path, rows: int) -> None:
    """The records of a request are all there, whichever thread writes them out."""
    log = LogWriter(tmp_path, print)
    Recorder(tumours.opened()).add(log, datetime.now(UTC), [answered(Batch([tumours.ROW] * rows, [None] * rows))])
    log.close()
    assert sum(file.read_bytes().count(b"\n") for file in tmp_path.iterdir()) == rows


@pytest.mark.parametrize("mark", ["fallback", "tester"])
def test_odd_answers_are_marked(mark: str) -> None:
    """What the fallback answered is no answer of the model, what a tester asked is no user's, and both say so."""
    odd = answered(Batch([tumours.ROW], [None]))._replace(**{mark: True})
    made = Recorder(tumours.opened()).records(NOON, odd, [0])
    assert made[0][mark] is True
    assert mark not in record()
