"""Answers as the bytes that go to a client, for whoever has no time for a library."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gatehouse.serving import answers

# Status, the server's own lines, more lines, the body's size, the request's id, and the body.
ANSWER = b"%b%b%bcontent-length: %d\r\ncontent-type: application/json\r\nx-request-id: %b\r\n\r\n%b"
CLOSE = b"connection: close\r\n"
Headers = list[tuple[bytes, bytes]]


class Wire:
    """Writes answers; what is the same in all of them is made once for the server's own headers.

    These are another list once a second, when uvicorn writes the date.
    """

    def __init__(self) -> None:
        self._headers: Headers | None = None
        self._lines = self._busy = b""

    def answer(self, headers: Headers, status: int, body: bytes, name: str, *, closing: bool = False) -> bytes:
        """Return an answer to the request of this id; `closing` says that the connection ends with it."""
        if headers is not self._headers:
            self._renew(headers)
        more = CLOSE if closing else b""
        return ANSWER % (STATUS_LINE[status], self._lines, more, len(body), name.encode(), body)

    def busy(self, headers: Headers, name: str) -> bytes:
        """Return the refusal of a request, because too many are under way."""
        if headers is not self._headers:
            self._renew(headers)
        text = name.encode()
        return self._busy % (answers.BUSY_BYTES + len(text), text, text)

    def _renew(self, headers: Headers) -> None:
        self._headers, self._lines = headers, b"".join(b"%b: %b\r\n" % header for header in headers)
        same = (STATUS_LINE[503] + self._lines + answers.RETRY).replace(b"%", b"%%")
        self._busy = ANSWER.replace(b"%b%b%b", same).replace(b"\r\n\r\n%b", b"\r\n\r\n" + answers.BUSY)
