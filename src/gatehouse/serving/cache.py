"""Answers that were given before, kept by model and row: off unless it is asked for, and never a reason to fail.

A row is known by the hash of the bundle's hash and of its values in the schema's order, so no two models share an
answer, and nobody reads a row from a key. Answers lie in this process, the latest `rows` of them, or in a Redis that
several servers share.
"""

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
import numpy as np

from gatehouse.bundle import Bundle
from gatehouse.errors import ConfigError
from gatehouse.predictions import Predictions

LOGGER = logging.getLogger(__name__)
Rows: TypeAlias = Sequence[Mapping[str, Any]]
ENCODE = msgspec.json.Encoder().encode
# A row's value and its scores.
DECODE = msgspec.json.Decoder(tuple[str | float, dict[str, float]]).decode
# A cache that makes users wait is none; one that failed is left alone for a while, and asked again.
ANSWER_SECONDS, REST_SECONDS, KEEP_SECONDS = 0.05, 5.0, 3600


class Store(Protocol):
    """Where answers lie, by the keys of their rows."""

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return what is known, None for what is not."""

    async def put(self, found: Mapping[bytes, bytes]) -> None:
        """Keep answers."""

    async def aclose(self) -> None:
        """Let go of it."""


class Memory:
    """Keeps the latest answers in this process."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._known: OrderedDict[bytes, bytes] = OrderedDict()

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return what is known, and take it for the latest."""
        for key in keys:
            if key in self._known:
                self._known.move_to_end(key)
        return [self._known.get(key) for key in keys]

    async def put(self, found: Mapping[bytes, bytes]) -> None:
        """Keep answers, in place of the oldest."""
        self._known.update(found)
        while len(self._known) > self._rows:
            self._known.popitem(last=False)

    async def aclose(self) -> None:
        """Let go of nothing."""


class Redis:
    """Keeps answers in a Redis for an hour; where it is down, nothing is known. Raises ConfigError for a wrong URL."""

    def __init__(self, url: str) -> None:
        try:
            from redis import RedisError, asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError as error:
            raise ConfigError(
                "GATEHOUSE_REDIS_URL is set, and the package redis is not installed here. Build the image with "
                "--build-arg CACHE=redis, or install requirements-serve-cache.txt."
            ) from error
        limits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        try:
            self._client = asyncio.from_url(url, **limits, retry=Retry(NoBackoff(), 0))
        except ValueError as error:
            raise ConfigError(f"GATEHOUSE_REDIS_URL is no address of a Redis: {error}") from error
        self._errors: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        self._rests_until = 0.0

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return what is known."""
        found = await self._asked(lambda: self._client.mget(keys))
        return found or [None] * len(keys)

    async def put(self, found: Mapping[bytes, bytes]) -> None:
        """Keep answers."""
        pipe = self._client.pipeline(transaction=False)
        for key, value in found.items():
            pipe.set(key, value, ex=KEEP_SECONDS)
        await self._asked(pipe.execute)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Return the answer, None where there is none."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            return await question()
        except self._errors as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            LOGGER.warning("The prediction cache does not answer (%s); going on without it.", type(error).__name__)
            return None


class Cache:
    """Answers rows from a store, and has the others predicted; `hit(n)` is told of rows that were known."""

    def __init__(self, store: Store, digest: str, hit: Callable[[int], Any]) -> None:
        self.store, self._hit = store, hit
        self._digest = hashlib.blake2b(digest.encode()).digest()

    async def answer(self, rows: Rows, predict: Callable[[Rows], Awaitable[Predictions]]) -> Predictions:
        """Answer rows. Raises what `predict` raises for those that are not known."""
        keys = [self.key(row) for row in rows]
        known = joined(await self.store.get(keys))
        if known is not None:
            self._hit(len(rows))
            return known
        # All of them, where one is new: a call of the model costs more than its rows.
        answers = await predict(rows)
        await self.store.put(dict(zip(keys, parts(answers), strict=True)))
        return answers

    def key(self, row: Mapping[str, Any]) -> bytes:
        """Return by what a row is known; its values stand in the order of the schema."""
        known = hashlib.blake2b(ENCODE([*row.values()]), key=self._digest, digest_size=16)
        return f"gatehouse:{known.hexdigest()}".encode()


def opened(rows: int, url: str, bundle: Bundle, hit: Callable[[int], Any]) -> Cache | None:
    """Return the cache that is asked for, if any: a Redis where there is a URL. Raises ConfigError for a wrong one."""
    if not rows and not url:
        return None
    return Cache(Redis(url) if url else Memory(rows), bundle.digest, hit)


def parts(answers: Predictions) -> list[bytes]:
    """Return what is kept of each row: its value, and its scores by class."""
    scores = answers.scores.tolist() if answers.classes else [()] * len(answers)
    named = (dict(zip(answers.classes, row, strict=True)) for row in scores)
    return [ENCODE(pair) for pair in zip(answers.values.tolist(), named, strict=True)]


def joined(known: Sequence[bytes | None]) -> Predictions | None:
    """Return the answers of rows of which all are known, else None; what is no answer is not known."""
    try:
        pairs = [DECODE(text or b"") for text in known]
    except msgspec.MsgspecError:
        return None
    values, classes = [value for value, _ in pairs], tuple(pairs[0][1])
    if not classes:
        return Predictions(np.array(values, dtype=float), np.empty(0))
    return Predictions(np.array(values, dtype=str), np.array([[*scores.values()] for _, scores in pairs]), classes)
