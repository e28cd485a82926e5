import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest
import tumours

from gatehouse.bundle import Bundle
from gatehouse.errors import BundleError
from gatehouse.serving import prediction_log, service
from gatehouse.serving.requests import RequestError
from gatehouse.serving.service import Settings

BODY = json.dumps({"rows": [tumours.ROW, {**tumours.ROW, "patient": "p2"}]}).encode()


def test_logs_what_it_answers(bundle: Bundle, tmp_path: Path) -> None:
    """One record a row, the same as the answer, is in the log when the service is closed."""
    with closing(service.start(Settings(bundle.path, log=tmp_path))) as opened:
        answer = asyncio.run(opened.predict(BODY, "r-7"))
    log = prediction_log.read(tmp_path)
    assert log["prediction"].tolist() == answer["predictions"]
    assert log["scores"].tolist() == answer["scores"]
    assert log["request_id"].tolist() == ["r-7", "r-7"]
    assert log["model_version"].unique().tolist() == ["1.2.0"]
    assert log["bundle"].unique().tolist() == [bundle.digest]


def test_needs_no_log(bundle: Bundle) -> None:
    """Without a folder nothing is logged, and predictions are answered all the same."""
    with closing(service.start(Settings(bundle.path))) as opened:
        assert len(asyncio.run(opened.predict(BODY, "r-7"))["predictions"]) == 2


def test_refusal_logs_nothing(bundle: Bundle, tmp_path: Path) -> None:
    """A request that is refused leaves no record."""
    with (
        closing(service.start(Settings(bundle.path, log=tmp_path, maximum_rows=1))) as opened,
        pytest.raises(RequestError),
    ):
        asyncio.run(opened.predict(BODY, "r-7"))
    assert prediction_log.read(tmp_path).empty


def test_expects_its_bundle(bundle: Bundle) -> None:
    """A sound bundle is refused when another one is expected."""
    with closing(service.start(Settings(bundle.path, expected=bundle.digest))):
        pass
    with pytest.raises(BundleError, match="was expected"):
        service.start(Settings(bundle.path, expected="0" * 64))
