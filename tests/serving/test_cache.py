import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest
import redis_server
import tumours

from gatehouse.bundle import Bundle
from gatehouse.errors import ConfigError
from gatehouse.predictions import Predictions
from gatehouse.serving import cache as caches
from gatehouse.serving import service as services
from gatehouse.serving.cache import Cache, Memory, Redis, Store
from gatehouse.serving.service import Settings
from gatehouse.targets import ports

CLASSES = ("no", "yes")


class Counted:
    """A model that is asked by way of a cache; it counts how often, and how many rows the cache knew."""

    def __init__(self, store: Store, digest: str = "a", classes: tuple[str, ...] = CLASSES) -> None:
        self.asked = self.hits = 0
        self.classes = classes
        self.cache = Cache(store, digest, self.hit)

    def hit(self, rows: int) -> None:
        """Count rows that were known."""
        self.hits += rows

    async def predict(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Answer by a formula, to the last bit."""
        self.asked += 1
        share = np.array([row["x"] / 3 for row in rows])
        if not self.classes:
            return Predictions(share, np.empty(0))
        scores = np.column_stack([1 - share, share])
        return Predictions(np.array(CLASSES)[scores.argmax(axis=1)], scores, CLASSES)

    async def ask(self, *values: float) -> Predictions:
        """Ask for rows with these values."""
        return await self.cache.answer([{"x": value} for value in values], self.predict)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a real Redis."""
    with redis_server.running(tmp_path_factory.mktemp("redis")) as started:
        yield started.url


async def asked_twice(store: Store, classes: tuple[str, ...]) -> None:
    """Show that a second answer is the first one, and does not come from the model."""
    async with aclosing(store):
        await answered_twice(store, classes)


async def answered_twice(store: Store, classes: tuple[str, ...]) -> None:
    """Ask the same twice, and then a part of it."""
    model = Counted(store, f"a model of {len(classes)}", classes)
    first, second = await model.ask(1, 2), await model.ask(1, 2)
    assert (model.asked, model.hits) == (1, 2)
    assert second.same(first)
    assert second.values.tolist() == first.values.tolist()
    assert (await model.ask(2)).values.tolist() == first.values.tolist()[1:]


@pytest.mark.parametrize("classes", [CLASSES, ()])
def test_known_rows_need_no_model(classes: tuple[str, ...]) -> None:
    """A row that was answered is answered again to the last bit, without the model; so is a part of a request."""
    asyncio.run(asked_twice(Memory(10), classes))


@pytest.mark.parametrize("classes", [CLASSES, ()])
def test_redis_knows_rows(redis: str, classes: tuple[str, ...]) -> None:
    """So it is with a Redis."""
    asyncio.run(asked_twice(Redis(redis), classes))


def test_redis_is_shared(redis: str) -> None:
    """What one server has answered, another one knows, and a server of another model does not."""

    async def story() -> list[int]:
        counts = []
        for digest in ("m", "m", "n"):
            async with aclosing(Redis(redis)) as store:
                model = Counted(store, digest)
                await model.ask(1)
                counts.append(model.asked)
        return counts

    assert asyncio.run(story()) == [1, 0, 1]


def test_lost_redis_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Where no Redis answers, the model does, and the log says it once."""

    async def story() -> int:
        async with aclosing(Redis(f"redis://127.0.0.1:{ports.free()}")) as store:
            model = Counted(store)
            for _ in range(3):
                assert (await model.ask(1)).values.tolist() == ["no"]
        return model.asked

    assert asyncio.run(story()) == 3
    assert caplog.text.count("going on without it") == 1


def test_rubbish_is_not_known(redis: str) -> None:
    """What somebody else put there is no answer."""

    async def story() -> int:
        async with aclosing(Redis(redis)) as store:
            model = Counted(store, "rubbish")
            await store.put({model.cache.key({"x": 1}): b"rubbish"})
            await model.ask(1)
        return model.asked

    assert asyncio.run(story()) == 1


def test_oldest_is_forgotten() -> None:
    """A full memory forgets what was not asked for the longest."""

    async def story() -> list[int]:
        model = Counted(Memory(2))
        counts = []
        for value in (1, 2, 1, 3, 1, 2):
            await model.ask(value)
            counts.append(model.asked)
        return counts

    assert asyncio.run(story()) == [1, 2, 2, 3, 3, 4]


def test_keys_tell_rows_apart() -> None:
    """Other values, other places of the same value, a missing one, and another model have other keys."""
    one, other = (Cache(Memory(1), digest, lambda rows: None) for digest in ("a", "b"))
    rows: list[dict[str, Any]] = [{"x": 1, "y": 2}, {"x": 2, "y": 1}, {"x": 1, "y": None}, {"x": "1", "y": 2}]
    assert len({cache.key(row) for row in rows for cache in (one, other)}) == 8


def test_cache_is_off_by_default(own_bundle: Bundle) -> None:
    """A server has no cache unless it is told to; then it counts what it knew."""
    off = services.start(Settings(own_bundle.path))
    assert off.cache is None
    on = services.start(Settings(own_bundle.path, cache_rows=5))
    body = json.dumps(tumours.ROW).encode()
    for _ in range(2):
        asyncio.run(on.predict(body, "r"))
    assert b"gatehouse_cache_hits_total 1.0" in on.metrics.text()
    for one in (off, on):
        one.close()


def test_wrong_address_is_said() -> None:
    """An URL that is none of a Redis is an error before anything is served."""
    with pytest.raises(ConfigError, match="no address of a Redis"):
        caches.opened(0, "http://x", tumours.opened(), lambda rows: None)
