"""Everything that a client can do wrong: a 4xx that says where and what was expected, and never what was sent."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tumours
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROW = tumours.ROW
SECRET = "5ecre7"
Fault = tuple[bytes, int, str, str]


def row(**changed: Any) -> bytes:
    """Return the body of one row, of which some fields are others."""
    return json.dumps({**ROW, **changed}).encode()


def written(text: str, value: str) -> bytes:
    """Return the body of one row in which a field's value is written so."""
    return json.dumps({**ROW, text: SECRET}).replace(f'"{SECRET}"', value).encode()


FAULTS: dict[str, Fault] = {
    "NaN": (written("mean_texture", "NaN"), 400, "$", "null"),
    "Infinity": (written("mean_texture", "Infinity"), 400, "$", "no Infinity"),
    "infinite by size": (written("mean_texture", "1e999"), 422, "$.mean_texture", "a finite number"),
    "NaN as text": (row(mean_texture="NaN"), 422, "$.mean_texture", "a finite number"),
    "text for a number": (row(area=SECRET), 422, "$.area", "an integer from 0 to 5000"),
    "number for a text": (row(size=53457), 422, "$.size", "a text"),
    "fraction for an integer": (row(area=640.25), 422, "$.area", "an integer"),
    "number for a truth": (row(dense=1), 422, "$.dense", "true or false"),
    "list for a number": (row(area=[SECRET]), 422, "$.area", "an integer"),
    "object for a text": (row(size={SECRET: 1}), 422, "$.size", "a text"),
    "too small": (row(area=-1), 422, "$.area", "from 0"),
    "too large": (row(area=5001), 422, "$.area", "to 5000"),
    "null": (row(area=None), 422, "$.area", "an integer"),
    "missing field": (b'{"area": 640}', 422, '$["mean radius"]', "a finite number from 0 to 100"),
    "unknown field": (row(surprise=SECRET), 422, "$.surprise", "no such field"),
    "the label": (row(malignant=SECRET), 422, "$.malignant", "no such field"),
    "field twice": (row().replace(b'"area"', b'"area": 1, "area"'), 400, "$", "twice"),
    "no row": (b'{"rows": []}', 422, "$.rows", "at least one row"),
    "too many rows": (json.dumps({"rows": [ROW] * 6}).encode(), 413, "$.rows", "at most 5 rows"),
    "bad row among good": (json.dumps({"rows": [ROW, 7]}).encode(), 422, "$.rows[1]", "an object"),
    "list": (json.dumps([ROW]).encode(), 422, "$", '{"rows": [...]}'),
    "nothing": (b"", 400, "$", "JSON"),
    "invalid JSON": (row()[:-1], 400, "$", "it breaks at line 1"),
    "byte order mark": (b"\xef\xbb\xbf" + row(), 400, "$", "without a byte order mark"),
    "two documents": (row() + row(), 400, "$", "it breaks"),
    "bad UTF-8": (row(size=SECRET).replace(SECRET.encode(), b"\xff\xfe"), 400, "$", "UTF-8"),
    "half a surrogate": (row(size="\ud800"), 422, "$.size", "a text"),
    "deep nesting": (b'{"area": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, "$", "nesting of a usual size"),
    "long number": (written("area", "9" * 5000), 400, "$", "numbers and nesting of a usual size"),
    "huge number": (written("area", "1e300"), 422, "$.area", "an integer"),
    "too large for a model": (written("mean_texture", "1e300"), 422, "$.mean_texture", "or null, and at most 3.4e+38"),
    "too large a body": (row(size=SECRET * 800_000), 413, "$", "at most 4194304 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_explained(server: Any, fault: str) -> None:
    """Each fault gets its status, its path and what was expected there; the server goes on answering."""
    body, status, path, expected = FAULTS[fault]
    answered, headers, text = server.ask("/predict", body)
    answer = json.loads(text)
    assert (answered, answer["problems"][0]["path"]) == (status, path)
    assert expected in answer["problems"][0]["expected"]
    assert answer["request_id"] == headers["x-request-id"]
    assert SECRET not in text.decode()
    assert "Traceback" not in text.decode()
    assert server.predict(ROW)[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_other_content_is_refused(server: Any, kind: str) -> None:
    """Only JSON is read, whatever the body is."""
    status, _, text = server.ask("/predict", row(), content_type=kind)
    assert (status, json.loads(text)["problems"][0]["path"]) == (415, "$")


def test_compressed_body_is_refused(server: Any) -> None:
    """A body that is compressed is called that, whatever its bytes look like; one that says it is not, is read."""
    status, _, text = server.ask("/predict", gzip.compress(row()), content_encoding="gzip")
    assert (status, json.loads(text)["problems"][0]["path"]) == (415, "$")
    assert "not compressed" in text.decode()
    assert server.ask("/predict", row(), content_encoding="Identity")[0] == 200


def test_announced_flood_is_not_read(server: Any) -> None:
    """A body that says that it is too large is refused before one byte of it was sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4194305\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_chunked_flood_is_cut(server: Any) -> None:
    """A body that does not say its length is cut off at the limit all the same."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/predict", iter([b"x" * 2**20] * 5), {"content-type": "application/json"})
    assert connection.getresponse().status == 413
    connection.close()


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ROW, "rows"]) | st.text(), inner),
    max_leaves=12,
)
BODIES = st.binary(max_size=300) | ANY.map(lambda document: json.dumps(document).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_no_body_breaks_it(server: Any, body: bytes) -> None:
    """Whatever is sent as JSON, the answer is a prediction or a refusal, and the same form of both."""
    status, _, text = server.ask("/predict", body)
    assert status in (200, 400, 413, 422)
    assert json.loads(text)["request_id"]


def test_keeps_its_own_description(server: Any, tmp_path: Path) -> None:
    """Schemathesis, told of nothing but /openapi.json, finds no 5xx and no answer that is not told of there."""
    # Too many rows are refused as too large, which it does not know of.
    config = "[checks.negative_data_rejection]\nexpected-statuses = [400, 413, 415, 422]\n"
    (tmp_path / "schemathesis.toml").write_text(config)
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", "schemathesis.toml", "run"]
    asked = ["--max-examples", "30", "--seed", "0", "--generation-database", "none"]
    url = f"http://127.0.0.1:{server.port}/openapi.json"
    done = subprocess.run([*command, *asked, url], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 5" in done.stdout
