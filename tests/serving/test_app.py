import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.linear_model import LinearRegression

from gatehouse.bundle import Bundle
from gatehouse.contract import Column, Contract
from gatehouse.serving import prediction_log, requests, runtime
from gatehouse.targets import server_metrics

ROW = tumours.ROW


def test_predicts_one_row(server: Any, bundle: Bundle) -> None:
    """One row is answered with prediction, scores, version and request id, as the model itself says."""
    status, answer = server.predict(ROW)
    expected = runtime.load(bundle).predict_table(pd.DataFrame([ROW]))
    assert status == 200
    assert answer["predictions"] == expected.values.tolist()
    assert answer["scores"] == [dict(zip(expected.classes, expected.scores[0].tolist(), strict=True))]
    assert answer["model_version"] == "1.2.0"
    assert len(answer["request_id"]) == 32


def test_predicts_many_rows(server: Any, bundle: Bundle) -> None:
    """Rows are answered in their order, missing values and all, to the last bit as in training."""
    rows = tumours.rows().head(5)
    status, answer = server.predict({"rows": requests.payload(rows, tumours.CONTRACT)})
    expected = runtime.load(bundle).predict_table(rows)
    assert status == 200
    assert answer["predictions"] == expected.values.tolist()
    assert [[score["no"], score["yes"]] for score in answer["scores"]] == expected.scores.tolist()


def test_accepts_request_id(server: Any) -> None:
    """A fit id of the client comes back in the body and in the header."""
    status, headers, body = server.ask("/predict", json.dumps(ROW).encode(), X_Request_Id="order-7")
    assert (status, headers["x-request-id"], json.loads(body)["request_id"]) == (200, "order-7", "order-7")


@pytest.mark.parametrize("sent", ["two words", "x" * 129, "a\tb", "é"])
def test_replaces_unfit_request_id(server: Any, sent: str) -> None:
    """An id that would spoil a log or a header is replaced."""
    headers = server.ask("/healthz", X_Request_Id=sent)[1]
    assert headers["x-request-id"] != sent
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/docs", 200), ("/predict", 405), ("/nowhere", 404)])
def test_head_is_answered_as_get(server: Any, path: str, status: int) -> None:
    """A probe that asks by HEAD gets what GET says, without the body, and goes on with the connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        found = []
        for method in ("HEAD", "GET"):
            connection.request(method, path)
            answer = connection.getresponse()
            found.append((answer.status, answer.getheader("content-length"), len(answer.read())))
    (by_head, announced, body), (by_get, length, whole) = found
    assert (by_head, announced, body) == (by_get, length, 0)
    assert (by_get, length) == (status, str(whole))


@pytest.mark.parametrize("path", ["/predict/", "/healthz/", "//predict"])
def test_sends_nobody_elsewhere(server: Any, path: str) -> None:
    """A path that is nearly one of these is told so: a redirect would take a row to wherever the Host header says."""
    assert server.ask(path, json.dumps(ROW).encode(), Host="elsewhere.example")[0] == 404


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/predict", 405), ("/../etc/passwd", 404)])
def test_refuses_other_routes(server: Any, path: str, status: int) -> None:
    """What is not served is said in the same form as every other error."""
    answered, _, text = server.ask(path)
    assert answered == status
    assert "See /docs" in json.loads(text)["error"]


def test_says_version_and_health(server: Any, bundle: Bundle) -> None:
    """An operator learns that the server lives, is ready, and which model it has."""
    assert server.ask("/healthz")[::2] == (200, b"ok\n")
    assert server.ask("/readyz")[::2] == (200, b"ok\n")
    assert json.loads(server.ask("/version")[2]) == {"model_version": "1.2.0", "bundle": bundle.digest}


def test_counts_requests(server: Any) -> None:
    """Requests are counted by route and status, timed, and rows and unseen categories beside them."""
    series = {
        'gatehouse_http_requests_total{route="/predict",status="200"}': 1,
        'gatehouse_http_requests_total{route="/predict",status="422"}': 1,
        'gatehouse_http_requests_total{route="other",status="404"}': 1,
        'gatehouse_http_request_duration_seconds_count{route="/predict"}': 2,
        "gatehouse_predictions_total": 2,
        'gatehouse_unseen_categories_total{column="size"}': 1,
        "gatehouse_model_errors_total": 0,
        "gatehouse_log_dropped_total": 0,
    }
    before = {name: server.counter(name) for name in series}
    server.predict({"rows": [ROW, {**ROW, "size": "huge"}]})
    server.predict({})
    server.ask("/a/scan/of/ours")
    assert {name: server.counter(name) - before[name] for name in series} == series


def test_tester_is_no_evidence(server: Any) -> None:
    """A tester is answered, and its rows are not among those by which two versions are compared."""
    seen, classes = "gatehouse_predictions_total", server_metrics.predictions
    before, told = server.counter(seen), classes(server.ask("/metrics")[2].decode())
    assert server.ask("/predict", json.dumps(ROW).encode(), X_Gatehouse_Version="candidate")[0] == 200
    assert (server.counter(seen) - before, classes(server.ask("/metrics")[2].decode())) == (1, told)
    assert server.ask("/predict", json.dumps(ROW).encode(), X_Gatehouse_Version="other")[0] == 200
    assert classes(server.ask("/metrics")[2].decode()) != told


def test_metrics_name_model(server: Any, bundle: Bundle) -> None:
    """The metrics carry the model as info, and an edge of the histogram at the latency budget."""
    text = server.ask("/metrics")[2].decode()
    assert f'gatehouse_model_info{{bundle="{bundle.digest}",version="1.2.0"}} 1.0' in text
    assert 'le="0.2"' in text


def test_openapi_tells_contract(server: Any) -> None:
    """The documentation lists each field with its type and range, and an example that is accepted."""
    document = json.loads(server.ask("/openapi.json")[2])
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    one, many = content["schema"]["oneOf"]
    assert one["properties"]["mean radius"] == {"type": "number", "minimum": 0, "maximum": 100}
    assert one["properties"]["ward"] == {"type": ["string", "null"]}
    assert one["required"] == ["mean radius", "area", "dense", "size"]
    assert many["properties"]["rows"]["maxItems"] == 5
    assert server.predict(content["example"])[0] == 200


def test_logs_predictions(server: Any) -> None:
    """A prediction is in the log while the server runs, with the row's id and without what is sensitive."""
    server.ask("/predict", json.dumps({**ROW, "patient": "p9"}).encode(), X_Request_Id="to-be-logged")
    found = pd.DataFrame()
    while found.empty:
        time.sleep(0.01)
        log = prediction_log.read(server.log)
        found = log[log["request_id"] == "to-be-logged"]
    assert found["id"].tolist() == ["p9"]
    assert found["features"].tolist() == [{name: value for name, value in ROW.items() if name != "ward"}]


def test_broken_model_is_clean_error(start: Callable[..., Any], tmp_path: Path) -> None:
    """A model that fails is answered with a clean 500, is counted, and leaves nothing in the log."""
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 1.0])
    model.coef_ = np.array([np.nan])
    contract = Contract((Column("x", "number"), Column("y", "number", "target")), "regression")
    server = start(tumours.write(tmp_path / "bundle", model, contract=contract).path)
    status, answer = server.predict({"x": 41.75})
    assert status == 500
    assert answer["error"] == "The model failed on this request."
    assert server.counter("gatehouse_model_errors_total") == 1
    assert server.counter('gatehouse_http_requests_total{route="/predict",status="500"}') == 1
    assert server.ask("/readyz")[0] == 200
    assert server.stop() == 0
    assert prediction_log.read(server.log).empty
    assert "41.75" not in server.process.stderr.read()
