from gatehouse.serving import answers
from gatehouse.serving.wire import Wire

HEADERS = [(b"date", b"Sun, 01 Mar 2026 00:00:00 GMT"), (b"x-share", b"5 %")]


def parsed(answer: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Return an answer's first line, its headers and its body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, dict(line.split(b": ", 1) for line in lines), body


def test_answer_is_whole() -> None:
    """An answer has the server's own headers, the size of its body, and the request's id."""
    first, headers, body = parsed(Wire().answer(HEADERS, 200, b'{"a": "5 %"}', "mine"))
    assert (first, body) == (b"HTTP/1.1 200 OK", b'{"a": "5 %"}')
    assert headers == {
        **dict(HEADERS), b"content-length": b"12", b"content-type": b"application/json", b"x-request-id": b"mine"
    }  # fmt: skip


def test_refusal_is_the_one_of_the_slow_way() -> None:
    """A refusal says what FastAPI's route says, whatever the id's length, and with whatever headers the server has."""
    wire = Wire()
    for headers, name in ((HEADERS, "a"), (HEADERS, "b" * 128), (HEADERS[:1], "c"), ([], "d")):
        slow = answers.busy(name)
        first, found, body = parsed(wire.busy(headers, name))
        assert (first, body) == (b"HTTP/1.1 503 Service Unavailable", bytes(slow.body))
        assert found == {**dict(headers), **dict(slow.raw_headers), b"x-request-id": name.encode()}


def test_last_answer_says_so() -> None:
    """A client is told when the connection ends, and the server's headers may change between two answers."""
    wire = Wire()
    assert b"connection" not in parsed(wire.answer(HEADERS, 200, b"{}", "mine"))[1]
    assert parsed(wire.answer(HEADERS[1:], 200, b"{}", "mine", closing=True))[1][b"connection"] == b"close"
    assert b"date" not in parsed(wire.answer(HEADERS[1:], 200, b"{}", "mine"))[1]
