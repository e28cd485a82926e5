import asyncio
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.linear_model import LinearRegression

from gatehouse.bundle import Bundle
from gatehouse.canary.counters import CLASS
from gatehouse.contract import Column, Contract
from gatehouse.errors import BundleError
from gatehouse.serving import prediction_log, service
from gatehouse.serving.requests import RequestError
from gatehouse.serving.runtime import ModelError, TooLateError
from gatehouse.serving.service import Settings
from gatehouse.targets import server_metrics

BODY = json.dumps({"rows": [tumours.ROW, {**tumours.ROW, "patient": "p2"}]}).encode()


def test_logs_what_it_answers(bundle: Bundle, tmp_path: Path) -> None:
    """One record a row, the same as the answer, is in the log when the service is closed."""
    with closing(service.start(Settings(bundle.path, log=tmp_path))) as opened:
        status, text = asyncio.run(opened.predict(BODY, "r-7"))
    answer = json.loads(text)
    assert status == 200
    log = prediction_log.read(tmp_path)
    assert log["prediction"].tolist() == answer["predictions"]
    assert log["scores"].tolist() == answer["scores"]
    assert log["request_id"].tolist() == ["r-7", "r-7"]
    assert log["model_version"].unique().tolist() == ["1.2.0"]
    assert log["bundle"].unique().tolist() == [bundle.digest]


def test_needs_no_log(bundle: Bundle) -> None:
    """Without a folder nothing is logged, and predictions are answered all the same."""
    with closing(service.start(Settings(bundle.path))) as opened:
        assert len(json.loads(asyncio.run(opened.predict(BODY, "r-7"))[1])["predictions"]) == 2


def test_refusal_logs_nothing(bundle: Bundle, tmp_path: Path) -> None:
    """A request that is refused leaves no record."""
    with (
        closing(service.start(Settings(bundle.path, log=tmp_path, maximum_rows=1))) as opened,
        pytest.raises(RequestError),
    ):
        asyncio.run(opened.predict(BODY, "r-7"))
    assert prediction_log.read(tmp_path).empty


def test_others_are_answered_during_a_closer_look(bundle: Bundle) -> None:
    """While a large body is found to be wrong, which takes long, the event loop has its turns."""
    body, turns = json.dumps({"rows": [{}] * 300_000}).encode(), 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def ask(opened: service.Service) -> None:
        other = asyncio.create_task(count())
        with pytest.raises(RequestError, match="at most 1000 rows"):
            await opened.predict(body, "r")
        other.cancel()

    with closing(service.start(Settings(bundle.path))) as opened:
        asyncio.run(ask(opened))
    assert turns > 3


def test_closer_look_has_a_time_limit(bundle: Bundle) -> None:
    """Who would wait for too many others is told so."""
    body = json.dumps({"rows": [{}] * 300_000}).encode()
    with (
        closing(service.start(Settings(bundle.path, time_limit_seconds=1e-6))) as opened,
        pytest.raises(TooLateError, match="closer look"),
    ):
        asyncio.run(opened.predict(body, "r"))


def test_expects_its_bundle(bundle: Bundle) -> None:
    """A sound bundle is refused when another one is expected."""
    with closing(service.start(Settings(bundle.path, expected=bundle.digest))):
        pass
    with pytest.raises(BundleError, match="was expected"):
        service.start(Settings(bundle.path, expected="0" * 64))


def test_one_request_fails_alone(tmp_path: Path) -> None:
    """Of requests that are answered together, only those fail that would fail alone."""
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 10.0])
    model.coef_, model.intercept_ = np.array([10.0]), 0.0
    contract = Contract((Column("x", "number", maximum=1e308), Column("y", "number", "target")), "regression")
    sent = [(body, "r") for body in (b'{"x": 1}', b'{"x": 1e308}', b'{"x": true}', b'{"x": 2}')]
    with closing(service.start(Settings(tumours.write(tmp_path / "bundle", model, contract=contract).path))) as opened:
        first, second, third, fourth = asyncio.run(opened.predict_all(sent))
        assert [json.loads(told[1])["predictions"] for told in (first, fourth)] == [[10.0], [20.0]]
        assert (type(second), type(third)) == (ModelError, RequestError)
        assert opened.metrics.predictions == 2


def test_tester_is_logged_and_no_evidence(bundle: Bundle, tmp_path: Path) -> None:
    """What a tester is answered is in the log, and in nothing by which two versions are compared."""
    with closing(service.start(Settings(bundle.path, log=tmp_path, recalled_answers=10))) as opened:
        before = opened.recall.text()
        asyncio.run(opened.predict(BODY, "r-7", tester=True))
        told = server_metrics.predictions(opened.metrics.text().decode())[CLASS]
        assert (sum(told.values()), opened.metrics.predictions, opened.recall.text()) == (0, 2, before)
    log = prediction_log.read(tmp_path)
    assert (log["request_id"].tolist(), log["tester"].tolist()) == (["r-7", "r-7"], [True, True])
