"""The head of a plain request to /predict, which needs no parser: nobody could take it for another thing."""

import re
from functools import lru_cache
from typing import NamedTuple

from gatehouse.serving import identity

END = b"\r\n\r\n"
# A client's heads hardly change from one request to the next: so many are remembered, if they have at most so many
# bytes. To look through one takes ten times as long as to know it again.
REMEMBERED, SHORT = 1024, 2048
# A head in which every line is a name and a value: what is not is the parser's to judge.
HEAD = re.compile(rb"POST /predict HTTP/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[ \t]*[\x21-\x7e][\x20-\x7e\t]*\r\n)+\r\n")
FIELDS = re.compile(
    rb"\r\n(content-(?:length|type|encoding)|x-request-id|connection|transfer-encoding|expect|upgrade|x-gatehouse-version):([^\r]*)",
    re.I,
)


class Head(NamedTuple):
    """The head of a plain request: its own bytes, those of its body, and the id that the client gave it, if a fit one.

    What is read of equal bytes is equal, so one that was remembered stands for all of them.
    """

    size: int
    body: int
    name: str | None


def plain(data: bytes) -> Head | None:
    """Return the head that the bytes begin with, of a request to /predict; None when it needs a closer look."""
    size = data.find(END) + len(END)
    return _remembered(data[:size]) if size <= SHORT else _read(data[:size])


def _read(text: bytes) -> Head | None:
    if not HEAD.fullmatch(text):
        return None
    found = FIELDS.findall(text)
    fields = {name.lower(): value.strip() for name, value in found}
    length, kind = fields.pop(b"content-length", b""), fields.pop(b"content-type", b"")
    if not length.isdigit() or len(length) > 9 or kind != b"application/json" or len(fields) + 2 != len(found):
        return None
    name = fields.pop(b"x-request-id", b"")
    if fields.pop(b"connection", b"keep-alive").lower() != b"keep-alive" or fields:
        return None
    return Head(len(text), int(length), identity.fit(name))


_remembered = lru_cache(REMEMBERED)(_read)
