"""The drift check: it reads what servers wrote, remembers its windows, and never takes silence for calm."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse import bundle as bundles
from gatehouse import config as configs
from gatehouse import workload
from gatehouse.config import Store, Window
from gatehouse.drift.knobs import Knobs
from gatehouse.errors import EvidenceError
from gatehouse.serving import prediction_log, requests
from gatehouse.serving.answers import Answered
from gatehouse.serving.recorder import Recorder
from gatehouse.stages import check_drift, drift_metrics, train
from gatehouse.verdicts import Decision

BANK = Path(__file__).parents[2] / "examples" / "bank_marketing" / "gatehouse.toml"
NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def serve(folder, trained, rows, when=NOON, key="", **marks):
    """Write the log that a server writes when it is asked for rows."""
    contract = trained.bundle.contract
    body = json.dumps({"rows": requests.payload(rows, contract)}).encode()
    batch = requests.reader(contract, 10_000).read(body)
    answers = bundles.load_model(trained.bundle).predict(rows)
    told = Answered("r1", batch, answers.values.tolist(), prediction_log.scores(answers), **marks)
    lines = Recorder(trained.bundle, key=key).records(prediction_log.stamp(when), told, range(len(answers)))
    folder.mkdir(exist_ok=True)
    with (folder / f"{when:%H%M}.jsonl").open("w") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)


def check(trained, folder, when=NOON, key="", **knobs):
    """Check the hour around a moment."""
    config = replace(trained.config, drift=Knobs(minimum_rows=100, **knobs))
    hour = timedelta(minutes=30)
    return check_drift.run(config, trained.found, trained.bundle, folder, when - hour, when + hour, key)


@pytest.fixture
def rows(own):
    """Return rows as they always were."""
    return own.found.load(None, None)


@pytest.mark.skipif("BANK_MARKETING_CSV" not in os.environ, reason="BANK_MARKETING_CSV is not set")
def test_bank_has_drifted(own, tmp_path):
    """Between the first and the last quarter of a bank's calls lies a financial crisis, and the check says so."""
    config = replace(configs.load(BANK), store=Store(state=str(tmp_path / "state")))
    found = workload.of(config)
    quarter = len(found.load(None, None)) // 4
    train.run(config, found, Window(since=0, until=quarter), tmp_path / "bundle")
    first = replace(own, config=config, found=found, bundle=bundles.read(tmp_path / "bundle"))
    rows = found.load(3 * quarter, None)
    serve(tmp_path / "log", first, rows.iloc[: quarter // 2])
    serve(tmp_path / "log", first, rows.iloc[quarter // 2 :], NOON + timedelta(hours=2))
    assert check(first, tmp_path / "log").decision != Decision.PROMOTE
    verdict = check(first, tmp_path / "log", NOON + timedelta(hours=2))
    assert verdict.decision == Decision.REJECT
    assert "euribor3m" in verdict.why


def shifted(rows, contract, by=3.0):
    """Return rows whose first feature grew, within what the schema allows."""
    name = contract.features[0].name
    return rows.assign(**{name: rows[name] * by})


def test_calm_log_promotes(own, rows, tmp_path):
    """The same rows as in training show no drift."""
    serve(tmp_path / "log", own, rows)
    verdict = check(own, tmp_path / "log")
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert verdict.details["outputs"]["action"] == "none"


@pytest.mark.parametrize("mark", ["fallback", "tester"])
def test_others_are_not_judged(own, rows, tmp_path, mark):
    """What the fallback answered is not what the model says of the world, and testers do not ask as the world does."""
    serve(tmp_path / "log", own, rows)
    serve(tmp_path / "log", own, rows, NOON + timedelta(minutes=1), **{mark: True})
    assert check(own, tmp_path / "log").details["rows"] == len(rows)


def test_drift_must_last(own, rows, tmp_path):
    """A moved feature is held the first time and rejected the second."""
    moved = shifted(rows, own.bundle.contract, by=1.3)
    later = NOON + timedelta(hours=2)
    serve(tmp_path / "log", own, moved)
    serve(tmp_path / "log", own, moved, later)
    assert check(own, tmp_path / "log").decision == Decision.HOLD
    verdict = check(own, tmp_path / "log", later)
    assert verdict.decision == Decision.REJECT
    assert own.bundle.contract.features[0].name in verdict.why


def test_few_rows_hold(own, rows, tmp_path):
    """Too few rows are not calm: they hold, and the window stays open."""
    serve(tmp_path / "log", own, rows.head(50))
    assert check(own, tmp_path / "log").decision == Decision.HOLD
    assert not (tmp_path / "state" / check_drift.WINDOWS).exists()


def test_tells_monitor(own, rows, tmp_path):
    """After a verdict the state folder says when the check ran, what of, and how far it has judged."""
    serve(tmp_path / "log", own, rows)
    state = tmp_path / "state"
    assert check(own, tmp_path / "log").decision == Decision.PROMOTE
    told = (state / drift_metrics.FILE).read_text()
    assert 'gatehouse_drift_verdict{decision="promote"} 1.0' in told
    assert f"gatehouse_drift_window_rows {len(rows)}.0" in told
    judged = re.search(r"^gatehouse_drift_last_judged_timestamp_seconds (\S+)", told, re.MULTILINE)
    assert float(judged[1]) == (NOON + timedelta(minutes=30)).timestamp()
    before = told
    with pytest.raises(EvidenceError):
        check(own, tmp_path / "none")
    assert (state / drift_metrics.FILE).read_text() == before


def test_bad_performance_retrains(own, rows, tmp_path):
    """Labelled performance that is proven below its floor asks for a retrain."""
    serve(tmp_path / "log", own, rows)
    config = replace(own.config, gate=replace(own.config.gate, metric="f1"))
    verdict = check(replace(own, config=config), tmp_path / "log", performance_floor=0.9999)
    assert verdict.decision == Decision.REJECT
    assert verdict.details["outputs"]["action"] == "retrain"


def test_key_joins_sensitive_ids(own, rows, tmp_path):
    """Labels find predictions whose id was logged as a hash, by the servers' key alone."""
    key = "the servers' own key"
    columns = [replace(column, sensitive=column.role == "id") for column in own.bundle.contract.columns]
    hidden = replace(own.bundle, contract=replace(own.bundle.contract, columns=tuple(columns)))
    config = replace(own.config, gate=replace(own.config.gate, metric="f1"))
    hidden = replace(own, bundle=hidden, config=config)
    serve(tmp_path / "log", hidden, rows, key=key)
    logged = [json.loads(line)["id"] for line in (tmp_path / "log" / "1200.jsonl").read_text().splitlines()]
    assert {len(name) for name in logged} == {32}
    for given, action in ((key, "retrain"), (key[::-1], "none"), ("", "none")):
        verdict = check(hidden, tmp_path / "log", key=given, performance_floor=0.9999)
        assert verdict.details["outputs"]["action"] == action


def test_reads_address(own, rows, tmp_path):
    """A log at an address of fsspec's is judged as one in a folder is."""
    serve(tmp_path / "log", own, rows)
    assert check(own, f"file://{tmp_path / 'log'}").decision == Decision.PROMOTE
    with pytest.raises(EvidenceError, match="no prediction log at file://"):
        check(own, f"file://{tmp_path / 'none'}")


def test_other_bundle_is_not_read(own, rows, tmp_path):
    """What another bundle of the same version answered says nothing about this one."""
    serve(tmp_path / "log", own, rows)
    earlier = replace(own, bundle=replace(own.bundle, digest="0" * 64))
    serve(tmp_path / "log", earlier, shifted(rows, own.bundle.contract), NOON - timedelta(minutes=1))
    verdict = check(own, tmp_path / "log")
    assert verdict.details["rows"] == len(rows)
    assert verdict.decision == Decision.PROMOTE, verdict.why


def test_foreign_log_raises(own, rows, tmp_path):
    """A log of other models only is held against no profile: what serves is not the registry's champion."""
    serve(tmp_path / "log", replace(own, bundle=replace(own.bundle, digest="0" * 64)), rows)
    with pytest.raises(EvidenceError, match=r"none of them by the champion.*000000000000"):
        check(own, tmp_path / "log")


def test_missing_log_raises(own, tmp_path):
    """A folder that is not there is an error, never an empty and calm log."""
    with pytest.raises(EvidenceError, match="no prediction log"):
        check(own, tmp_path / "none")


def test_broken_log_raises(own, tmp_path):
    """A log of which no line can be read is an error, never an empty and calm one."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "1200.jsonl").write_text("{half\n")
    with pytest.raises(EvidenceError, match="broken lines"):
        check(own, tmp_path / "log")
