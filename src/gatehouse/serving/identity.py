"""Who asks: the ids of requests, which clients send or are made here, and whether it is a tester.

A tester sends odd requests, by which no candidate shall be judged (`gatehouse.targets.testers`).
"""

import itertools
import re
import secrets
from collections.abc import Iterable

# What a client may choose: it goes into logs and headers, so no blanks and nothing long.
FIT = re.compile(r"[A-Za-z0-9._:-]{1,128}")
TESTER, CANDIDATE = b"x-gatehouse-version", b"candidate"
# An id for each request from the system's randomness would cost more than reading the request.
FIRST, NUMBERS = secrets.token_hex(8), itertools.count()


def new() -> str:
    """Return an id that no other request has, of this process or another: 32 hexadecimal digits."""
    return f"{FIRST}{next(NUMBERS):016x}"


def ours(name: str) -> bool:
    """Tell whether this process made an id up."""
    return name.startswith(FIRST)


def of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that the client sent, if it is a fit one, or a new one."""
    return fit(next((value for name, value in headers if name == b"x-request-id"), b"")) or new()


def tests(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a tester sent a request with these headers, whose names are in small letters."""
    return (TESTER, CANDIDATE) in headers


def fit(sent: bytes) -> str | None:
    """Return what a client sent as an id, if it is fit for one."""
    # Blanks around a header's value are no part of it (RFC 9110, 5.5); who reads headers may leave those at its end.
    name = sent.strip().decode("latin-1")
    return name if FIT.fullmatch(name) else None
