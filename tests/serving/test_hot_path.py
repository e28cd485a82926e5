"""The raw route beside FastAPI's: whatever is sent, both answer the same."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import tumours
from serving.conftest import running

from gatehouse.bundle import Bundle

ROW = tumours.ROW
SENT = [
    (json.dumps(ROW).encode(), {}), (json.dumps({"rows": [ROW, {**ROW, "size": "huge"}]}).encode(), {}),
    (json.dumps({**ROW, "area": "SECRET"}).encode(), {}), (b"{", {}), (b"\xff", {}), (b"", {}),
    (json.dumps({"rows": [ROW] * 6}).encode(), {}), (b"x" * 5_000_000, {}), (b"a=1", {"content_type": "text/plain"}),
    (json.dumps(ROW).encode(), {"content_type": "APPLICATION/JSON; charset=utf-8"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def plain(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a server that answers by FastAPI's route."""
    with running(tmp_path_factory.mktemp("plain"), bundle.path, "--maximum-rows", 5, "--plain") as started:
        yield started


@pytest.mark.parametrize(("body", "headers"), SENT)
def test_answers_as_fastapi(server: Any, plain: Any, body: bytes, headers: dict[str, str]) -> None:
    """Status, body and headers are those of the plain route, but for the moment."""
    answers = [one.ask("/predict", body, X_Request_Id="same", **headers) for one in (server, plain)]
    (status, said, text), (plain_status, plain_said, plain_text) = answers
    assert (status, json.loads(text)) == (plain_status, json.loads(plain_text))
    assert {**said, "date": ""} == {**plain_said, "date": ""}


def test_counts_as_fastapi(server: Any, plain: Any) -> None:
    """Both count what they answer alike."""
    counted = []
    for one in (server, plain):
        before = one.counter("gatehouse_predictions_total")
        one.predict({"rows": [ROW] * 3})
        counted.append(one.counter("gatehouse_predictions_total") - before)
        assert re.search(r'requests_total\{route="/predict",status="200"\} [1-9]', one.ask("/metrics")[2].decode())
    assert counted == [3, 3]
