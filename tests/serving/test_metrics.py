import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
import tumours
from prometheus_client.parser import text_string_to_metric_families

from gatehouse.contract import Column, Contract
from gatehouse.drift import profile
from gatehouse.predictions import Predictions
from gatehouse.serving.metrics import Metrics

NUMBER = Contract((Column("x", "number"), Column("y", "number", "target")), "regression")
ANSWERS = Predictions(np.array(["yes", "no"]), np.array([[0.1, 0.9], [0.7, 0.3]]), ("no", "yes"))


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(item.name, *item.labels.values()): item.value for family in families for item in family.samples}


def test_counts_requests() -> None:
    """Requests are counted by route and status, timed by route, and those under way are a gauge."""
    metrics = Metrics(tumours.opened())
    metrics.answered("/predict", 200, 0.004)
    metrics.answered("/predict", 500, 0.2)
    metrics.answered("other", 404, 2.0)
    metrics.in_flight = 3
    found = samples(metrics)
    assert found["gatehouse_http_requests_total", "/predict", "200"] == 1
    assert found["gatehouse_http_requests_total", "other", "404"] == 1
    assert found["gatehouse_http_request_duration_seconds_bucket", "0.005", "/predict"] == 1
    assert found["gatehouse_http_request_duration_seconds_bucket", "0.2", "/predict"] == 2
    assert found["gatehouse_http_request_duration_seconds_bucket", "1.0", "other"] == 0
    assert found["gatehouse_http_request_duration_seconds_sum", "/predict"] == pytest.approx(0.204)
    assert found["gatehouse_http_requests_in_flight",] == 3


def test_refusals_are_requests() -> None:
    """What was refused at the connection is among the requests and what was shed, once, however often that is read."""
    metrics = Metrics(tumours.opened())
    metrics.answered("/predict", 503, 0.0)
    metrics.refused += 2
    for _ in range(2):
        found = samples(metrics)
        assert found["gatehouse_http_requests_total", "/predict", "503"] == 3
        assert found["gatehouse_http_request_duration_seconds_count", "/predict"] == 3
        assert found["gatehouse_http_requests_shed_total",] == 2


def test_alarms_begin_at_zero() -> None:
    """What may be alarmed on is there before it happens: a series that begins with its first error has no rate."""
    found = samples(Metrics(tumours.opened()))
    for status in ("200", "422", "500", "503", "504"):
        assert found["gatehouse_http_requests_total", "/predict", status] == 0
    for name in ("log_dropped", "log_records", "fallbacks", "http_requests_shed", "model_errors"):
        assert found[f"gatehouse_{name}_total",] == 0
    assert found["gatehouse_unseen_categories_total", "size"] == 0
    assert found["gatehouse_http_request_duration_seconds_count", "/predict"] == 0


def test_counts_classes_and_confidence() -> None:
    """A classifier's answers are counted by class, by how sure it was, and by the positive class's probability."""
    metrics = Metrics(tumours.opened())
    metrics.predicted(ANSWERS)
    found = samples(metrics)
    assert found["gatehouse_predictions_total",] == 2
    assert found["gatehouse_predicted_classes_total", "yes"] == 1
    assert found["gatehouse_prediction_confidence_bucket", "0.7"] == 1
    assert found["gatehouse_prediction_confidence_bucket", "0.9"] == 2
    assert found["gatehouse_prediction_value_bucket", "0.3"] == 1
    assert found["gatehouse_prediction_value_sum",] == pytest.approx(1.2)


def test_many_classes_have_no_value() -> None:
    """Of many classes none is the positive one: they are counted by class and confidence alone."""
    contract = Contract((Column("x", "number"), Column("y", "category", "target")), "multiclass")
    metrics = Metrics(tumours.opened(contract=contract))
    metrics.predicted(ANSWERS)
    found = samples(metrics)
    assert found["gatehouse_prediction_confidence_count",] == 2
    assert not [key for key in found if key[0].startswith("gatehouse_prediction_value")]


def test_numbers_by_reference() -> None:
    """A regression's answers are counted between the tenths of what the model said of its reference."""
    rows, said = tumours.rows()[["area"]].rename(columns={"area": "x"}).head(100), np.linspace(0, 50, 100)
    reference = profile.make(rows, NUMBER, Predictions(said, np.empty(0)))
    metrics = Metrics(tumours.opened(contract=NUMBER, profile=reference))
    metrics.predicted(Predictions(said, np.empty(0)))
    buckets = [value for (name, *_), value in samples(metrics).items() if name == "gatehouse_prediction_value_bucket"]
    assert len(buckets) == 12
    assert max(np.diff(buckets)) <= 11
    assert not [key for key in samples(metrics) if "confidence" in key[0] or "classes" in key[0]]


def test_numbers_without_reference() -> None:
    """Without a profile, numbers of any size and sign are still told apart."""
    metrics = Metrics(tumours.opened(contract=NUMBER))
    metrics.predicted(Predictions(np.array([-5.0, 5.0, 5e5]), np.empty(0)))
    found = samples(metrics)
    assert found["gatehouse_prediction_value_bucket", "0.0"] == 1
    assert found["gatehouse_prediction_value_bucket", "100.0"] == 2


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: apt-get install prometheus")
@pytest.mark.parametrize("contract", [tumours.CONTRACT, NUMBER], ids=["binary", "regression"])
def test_promtool_finds_no_fault(contract: Any) -> None:
    """Names, units and help texts are as Prometheus' own checker asks."""
    text = Metrics(tumours.opened(contract=contract)).text()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
