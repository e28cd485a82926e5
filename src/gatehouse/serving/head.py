"""The head of a plain request to /predict, which needs no parser: nobody could take it for another thing."""

import re
from typing import NamedTuple

from gatehouse.serving import identity

# A head in which every line is a name and a value: what is not is the parser's to judge.
HEAD = re.compile(rb"POST /predict HTTP/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[ \t]*[\x21-\x7e][\x20-\x7e\t]*\r\n)+\r\n")
FIELDS = re.compile(
    rb"\r\n(content-(?:length|type|encoding)|x-request-id|connection|transfer-encoding|expect|upgrade|x-gatehouse-version):([^\r]*)",
    re.I,
)


class Head(NamedTuple):
    """The head of a plain request: its own bytes, those of its body, the request's id, and whether a client gave it."""

    size: int
    body: int
    name: str
    named: bool


def plain(data: bytes) -> Head | None:
    """Return the head that the bytes begin with, of a request to /predict; None when it needs a closer look."""
    head = HEAD.match(data)
    if head is None:
        return None
    found = FIELDS.findall(data, 0, head.end())
    fields = {name.lower(): value.strip() for name, value in found}
    length, kind = fields.pop(b"content-length", b""), fields.pop(b"content-type", b"")
    if not length.isdigit() or len(length) > 9 or kind != b"application/json" or len(fields) + 2 != len(found):
        return None
    name = fields.pop(b"x-request-id", None)
    if fields.pop(b"connection", b"keep-alive").lower() != b"keep-alive" or fields:
        return None
    return Head(head.end(), int(length), identity.new() if name is None else identity.fit(name), name is not None)
