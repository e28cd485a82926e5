import pytest

from gatehouse.serving import head

BODY = b'{"x": 1}'


def request(*headers: str) -> bytes:
    """Return a request to /predict, with more headers."""
    lines = ["POST /predict HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(BODY)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + BODY


@pytest.mark.parametrize(
    "text",
    [
        request()[: -len(BODY)],
        request("X-Request-Id: mine")[: -len(BODY)],
        request("Connection: Keep-Alive", "a: b")[: -len(BODY)],
    ],
)
def test_plain_heads_are_taken(text: bytes) -> None:
    """What clients usually send is read here."""
    found = head.plain(text + BODY)
    assert found is not None
    assert (found.size, found.body) == (len(text), len(BODY))


@pytest.mark.parametrize(
    "data",
    [
        request("content-length: 5"), request("Transfer-Encoding: chunked"), request("Connection: close"),
        request("Expect: 100-continue"), request("content-encoding: gzip"), request("content-type: text/plain"),
        request("x-request-id: a", "x-request-id: b"), request("no colon"), request("bad name: x"),
        request(" folded: x"), request("a: \x00"), request("a: \r"), request("a: \x80"), request("content-length : 5"),
        b"GET" + request()[4:],
        request().replace(b"1.1", b"1.0"), request().replace(b"/predict", b"/predict?x=1"), request()[:40], b"",
        request().replace(b"content-length: ", b"content-length: -"), request().replace(b"content-length: ", b"x: "),
        request().replace(b"\r\n", b"\n"), request("X-Gatehouse-Version: candidate"),
    ],
)  # fmt: skip
def test_other_heads_are_left(data: bytes) -> None:
    """What could mean another thing to somebody else is left to the parser."""
    assert head.plain(data) is None


def test_own_heads_are_known_again() -> None:
    """The ids of clients stand with their own requests alone; who gave none, or none that fits, has none."""
    ids = ("x-request-id: a", "x-request-id: b \t", "x-request-id: no good")
    texts = [request(), *(request(line) for line in ids)]
    for _ in range(2):
        found = [head.plain(text) for text in texts]
        assert [one.name for one in found if one] == [None, "a", "b", None]


def test_little_is_remembered() -> None:
    """Long heads, and more heads than a few, do not stay in memory."""
    head._remembered.cache_clear()
    for number in range(3 * head.REMEMBERED):
        assert head.plain(request(f"a: {number}")) is not None
        assert head.plain(request(f"a: {number}{'x' * head.SHORT}")) is not None
    assert head._remembered.cache_info().currsize == head.REMEMBERED
