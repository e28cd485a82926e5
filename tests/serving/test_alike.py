"""The raw route and FastAPI's, told the same odd requests in the same odd parts: they say the same."""

import json
import re
import signal
import socket
import time
from contextlib import closing
from typing import Any, NamedTuple

import tumours
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving.test_hot_path import answers, plain  # noqa: F401 - a fixture

FIELDS = {json.dumps(name): json.dumps(value) for name, value in tumours.ROW.items()}
ID = re.compile(r"\b[0-9a-f]{32}\b")
# What may stand for a value: right in some column, wrong in others, or no JSON at all.
TEXTS = (
    "0", "-0", "1.0", "640.0", "1e2", "1E+2", "5e-324", "1e999", "-1e39", "01", "1.", "+1", "0x10", "NaN", "-Infinity",
    "9" * 19, "9" * 400, "9" * 5000, "true", "null", "nul", '"1"', '""', '"medium"', '"h\\u0075ge"', '"a:b"',
    '"\\ud800"', '"\\ud83d\\ude00"', '"\\x"', '"\t"', '"\x7f"', '"é"', "[]", "[1]", "{}", '{"a":1}',
)  # fmt: skip
NAMES = (*FIELDS, '"patient"', '"rows"', '"malignant"', '"x"', '""', '"a:b"', '"\\u0061rea"', '"AREA"')
HEADERS = (
    "Connection: keep-alive", "connection: Keep-Alive", "connection: keep-alive, x", "X-Request-Id: order-7",
    "x-request-id: two words", "x-request-id: é", "x-request-id:", "content-type: text/plain", "x-a:\tb\t", "x-a:",
    "content-encoding: gzip", "content-encoding: identity", "upgrade: h2c", "expect: nothing", "te: trailers",
)  # fmt: skip
TYPES = ("application/json",) * 6 + ("Application/JSON; charset=utf-8", "text/json", "")
# Seconds after a part: none, so that the next may come with it; enough for an answer; and too long for a half request.
PAUSES = (0.0, 0.004, 0.004, 0.03)
AROUND = ("%s",) * 6 + (
    '{"rows": [%s]}',
    '{"rows": [%s,%s]}',
    '{"rows": [%s], "x": 1}',
    "[%s]",
    "%s%s",
    " %s\n",
    "\ufeff%s",
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw the text of a row, or of rows, in which some fields are others, twice, in disguise, or away."""
    fields = [*FIELDS.items()]
    for place in draw(st.lists(st.integers(0, len(fields) - 1), max_size=3)):
        fields[place] = (fields[place][0], draw(st.sampled_from(TEXTS)))
    fields += draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=1))
    fields = draw(st.one_of(st.just(fields), st.just(fields), st.permutations(fields), st.just(fields[1:])))
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" :\n", "\t,\r\n")]))
    row = "{" + comma.join(f"{name}{colon}{text}" for name, text in fields) + "}"
    text = draw(st.sampled_from(AROUND)).replace("%s", row).encode("utf-8", "surrogatepass")
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 9 else text


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw the bytes of one request."""
    if draw(st.integers(0, 7)) == 7:
        path = draw(st.sampled_from(["/version", "/readyz?x=1", "/nowhere", "/predict", "/predict/", "/%70redict"]))
        return (
            f"{draw(st.sampled_from(['GET', 'PUT']))} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode()
        )
    body, kind = draw(bodies()), draw(st.sampled_from(TYPES))
    lines = ["POST /predict HTTP/1.1", "host: x", *([f"content-type: {kind}"] if kind else [])]
    lines += draw(st.lists(st.sampled_from(HEADERS), max_size=2))
    if draw(st.integers(0, 7)) == 7:
        lines, body = (
            [*lines, "transfer-encoding: chunked"],
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n",
        )
    else:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Sending(NamedTuple):
    """How many requests come on one connection, in which parts, and how long the client waits after each.

    `early` says that the first part is there when the server takes the connection.
    """

    count: int
    parts: list[bytes]
    pauses: list[float]
    early: bool


@st.composite
def sendings(draw: st.DrawFn) -> Sending:
    """Draw how requests come."""
    sent = draw(st.lists(requests(), min_size=1, max_size=5))
    parts: list[bytes] = []
    for text in sent:
        cut = draw(st.sampled_from([0, 0, 0, text.index(b"\r\n\r\n") + 4, draw(st.integers(0, len(text)))]))
        parts += [part for part in (text[:cut], text[cut:]) if part]
    if draw(st.integers(0, 4)) == 4:
        parts = [b"".join(parts)]
    pauses = draw(st.lists(st.sampled_from(PAUSES), min_size=len(parts), max_size=len(parts)))
    return Sending(len(sent), parts, pauses, draw(st.booleans()))


def begun(server: Any, sending: Sending) -> socket.socket:
    """Return a connection on which the first part was sent."""
    if sending.early:
        server.process.send_signal(signal.SIGSTOP)
    try:
        client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(sending.parts[0])
    finally:
        server.process.send_signal(signal.SIGCONT)
    return client


def told(server: Any, sending: Sending) -> list[Any]:
    """Send requests on one connection, and return what is answered, but for the moment and for ids that were made."""
    with closing(begun(server, sending)) as client:
        for part, pause in zip([b"", *sending.parts[1:]], sending.pauses, strict=True):
            client.sendall(part)
            time.sleep(pause)
        found = answers(client, sending.count)
    return [
        (status, ID.sub("ID", str(sorted({**headers, "date": ""}.items()))), ID.sub("ID", body.decode()))
        for status, headers, body in found
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sendings())
def test_routes_say_the_same(server: Any, plain: Any, sending: Sending) -> None:  # noqa: F811
    """Status, headers and body are those of FastAPI's route, whatever comes in whatever parts."""
    assert told(server, sending) == told(plain, sending)
