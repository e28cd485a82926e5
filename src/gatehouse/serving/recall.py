"""The last answers of a server, for whoever compares two versions: what a shadow and stable answered to one request.

A request is known by the hash of its body, and of its id where the client sent one: two servers that make up ids make
up different ones. Of a large request one row is kept, chosen by that hash: its rows may all err for one reason. Both
servers must keep the same requests, so those of the smallest hashes are kept: where too many come for answers to stay
for `SECONDS`, half of the hashes no longer count. For one thread.
"""

import hashlib
import time
from typing import Any, NamedTuple

import msgspec

from gatehouse.serving import identity
from gatehouse.serving.answers import Answered

# Answers that are younger than this are kept: between two looks, and between an answer and its copy's.
SECONDS = 60.0
HASHES = 2**32
ENCODE = msgspec.json.Encoder().encode


class Kept(NamedTuple):
    """One answer: its number on this server, when it was given, its value and its classes' scores."""

    number: int
    at: float
    value: Any
    scores: Any


class Recall:
    """Keeps up to `size` answers; of size 0 it is false, and keeps none."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[bytes, Kept] = {}
        self._number, self._below = 0, HASHES

    def __bool__(self) -> bool:
        """Tell whether answers are kept."""
        return self.size > 0

    def add(self, body: bytes, answered: Answered) -> None:
        """Keep an answer, unless its request was answered before or its hash does not count."""
        name = b"" if identity.ours(answered.request_id) else answered.request_id.encode()
        key = hashlib.blake2b(b"%b\0%b" % (name, body), digest_size=12).digest()
        if _hash(key) >= self._below or key in self._kept:
            return
        now = time.monotonic()
        if len(self._kept) >= self.size:
            self._make_room(now)
        row = int.from_bytes(key[4:]) % len(answered.values)
        self._number += 1
        self._kept[key] = Kept(self._number, now, answered.values[row], answered.scores[row])

    def text(self) -> bytes:
        """Return what is kept, oldest first, as JSON."""
        told = [(one.number, key.hex(), one.value, one.scores) for key, one in self._kept.items()]
        return ENCODE({"server": identity.FIRST, "size": self.size, "answers": told})

    def _make_room(self, now: float) -> None:
        oldest = next(iter(self._kept))
        if now - self._kept.pop(oldest).at >= SECONDS:
            return
        self._below //= 2
        self._kept = {key: one for key, one in self._kept.items() if _hash(key) < self._below}


def _hash(key: bytes) -> int:
    return int.from_bytes(key[:4])
