"""One model being served: everything that a request meets, opened before the first and closed after the last."""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.errors import GatehouseError
from gatehouse.predictions import Predictions
from gatehouse.serving import answers as tell
from gatehouse.serving import cache as caches
from gatehouse.serving import fallback, prediction_log, requests, shipping
from gatehouse.serving.answers import Answered, Told
from gatehouse.serving.body import Room
from gatehouse.serving.cache import Cache
from gatehouse.serving.fallback import Fallback
from gatehouse.serving.metrics import Metrics
from gatehouse.serving.overload import Overload
from gatehouse.serving.recall import Recall
from gatehouse.serving.recorder import Recorder
from gatehouse.serving.requests import Batch, Reader, RequestError
from gatehouse.serving.runtime import ModelError, Runtime, TooLateError

LOGGER = logging.getLogger(__name__)
Outcome: TypeAlias = Told | GatehouseError
# Bytes of a body at which a closer look goes to a thread of its own: it takes some 60 ns for each, in which nobody else
# would be answered.
LARGE = 2**15


class Asked(NamedTuple):
    """A request whose body was read."""

    request_id: str
    batch: Batch
    body: bytes


@dataclass(frozen=True)
class Settings:
    """What is served and within which limits. Without a `log` nothing is logged; see `shipping.open_log`."""

    bundle: Path
    expected: str | None = None
    log: Path | str | None = None
    log_spool: Path | None = None
    page: bool = True
    log_share: float = 1.0
    log_key: str = ""
    maximum_rows: int = 1000
    maximum_bytes: int = 4 * 2**20
    # Of all bodies under way: as many as may be under way at once could fill the memory of a container.
    room_bytes: int = 64 * 2**20
    inline_rows: int = 20
    maximum_in_flight: int = 2048
    maximum_lag_ms: float = 100.0
    time_limit_seconds: float = 5.0
    # The prediction cache: so many rows in this process, or a Redis; neither is none.
    cache_rows: int = 0
    redis_url: str = ""
    # Answers that are remembered for whoever compares two versions.
    recalled_answers: int = 0
    # Answer by FastAPI's own route, to compare with the raw one.
    plain: bool = False


@dataclass
class Service:
    """An opened model with its counters and its log. While it drains it answers, and asks for no more."""

    settings: Settings
    bundle: Bundle
    reader: Reader
    runtime: Runtime
    metrics: Metrics
    log: shipping.Log | None
    recorder: Recorder
    recall: Recall
    overload: Overload
    room: Room
    fallback: Fallback | None = None
    cache: Cache | None = None
    draining: bool = False
    # One, because several would fight over the interpreter with whoever answers.
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "reader"))

    async def predict(self, body: bytes, request_id: str, *, tester: bool = False) -> Told:
        """Answer one request's body, and return the status and the text.

        What a tester is answered is logged, and is nothing by which this version is judged beside another.

        Raises RequestError for a request that is wrong, ModelError for a broken model without a fallback, TooLateError
        for a slow one.
        """
        (outcome,) = await self.predict_all([(body, request_id)], tester=tester)
        if isinstance(outcome, GatehouseError):
            raise outcome
        return outcome

    async def predict_all(self, requests: Sequence[tuple[bytes, str]], *, tester: bool = False) -> list[Outcome]:
        """Answer several requests, each a body and an id, with one call of the model; what one raises is its outcome.

        Where the model fails on all of them, each is tried alone, so that no request fails for another's rows.
        """
        now, outcomes = datetime.now(UTC), dict[int, Outcome]()
        read: list[tuple[int, Asked]] = []
        for place, (body, request_id) in enumerate(requests):
            try:
                read.append((place, Asked(request_id, await self._read(body), body)))
            except (RequestError, TooLateError) as error:
                outcomes[place] = error
        found = await self._answer_all([asked for _, asked in read], now, tester)
        outcomes.update(zip((place for place, _ in read), found, strict=True))
        return [outcomes[place] for place in range(len(requests))]

    async def _read(self, body: bytes) -> Batch:
        batch = self.reader.at_once(body) or await self._closely(body)
        for column, count in batch.unseen.items():
            self.metrics.unseen.labels(column).inc(count)
        return batch

    async def _closely(self, body: bytes) -> Batch:
        if len(body) <= LARGE:
            return self.reader.closely(body)
        look = asyncio.get_running_loop().run_in_executor(self.readers, self.reader.closely, body)
        try:
            return await asyncio.wait_for(look, self.settings.time_limit_seconds)
        except TimeoutError:
            raise TooLateError("too many bodies needed a closer look") from None

    async def _answer_all(self, asked: Sequence[Asked], now: datetime, tester: bool) -> list[Outcome]:
        if not asked:
            return []
        try:
            answers = await self._answers([row for one in asked for row in one.batch.rows])
        except TooLateError as error:
            return [error] * len(asked)
        except ModelError as error:
            if len(asked) == 1:
                return [self._degraded(asked[0], now, error, tester=tester)]
            return [(await self._answer_all([one], now, tester))[0] for one in asked]
        self.metrics.predicted(answers, tester=tester)
        return self._told(asked, now, answers, tester=tester)

    def _degraded(self, asked: Asked, now: datetime, error: ModelError, *, tester: bool) -> Outcome:
        """Answer by the fallback, where there is one: that is marked, counted, and logged as what it is."""
        self.metrics.model_errors.inc()
        report(error, asked.request_id)
        if self.fallback is None:
            return error
        try:
            answers = self.fallback.answer(asked.batch.rows)
        except ModelError as failed:
            return failed
        self.metrics.fallbacks.inc(len(answers))
        return self._told([asked], now, answers, tester=tester, fallback=True)[0]

    async def _answers(self, rows: list[dict[str, Any]]) -> Predictions:
        return await (self.cache.answer(rows, self.runtime.predict) if self.cache else self.runtime.predict(rows))

    def _told(
        self, asked: Sequence[Asked], now: datetime, answers: Predictions, *, tester: bool, fallback: bool = False
    ) -> list[Outcome]:
        """Log the answers, and return what each client is told."""
        values, scores = answers.values.tolist(), prediction_log.scores(answers)
        told, start = [], 0
        for one in asked:
            end = start + len(one.batch.rows)
            told.append(Answered(one.request_id, one.batch, values[start:end], scores[start:end], fallback, tester))
            start = end
        if self.recall and not (tester or fallback):
            for one, answered in zip(asked, told, strict=True):
                self.recall.add(one.body, answered)
        if self.log:
            self.recorder.add(self.log, now, told)
        return [tell.prediction(answered, self.bundle.version) for answered in told]

    def close(self) -> None:
        """Finish the model's work and write what is left of the log."""
        self.readers.shutdown(cancel_futures=True)
        self.runtime.close()
        if self.log:
            self.log.close()


def start(settings: Settings) -> Service:
    """Open the bundle, load its model, and warm it.

    Raises BundleError when the bundle is missing, broken or not the expected one, EvidenceError when the log's folder
    cannot be written.
    """
    bundle = bundles.read(settings.bundle, settings.expected)
    metrics = Metrics(bundle)
    recorder = Recorder(bundle, settings.log_share, settings.log_key)
    log = shipping.open_log(settings.log, settings.log_spool, metrics.dropped.inc, metrics.logged.inc)
    runtime = Runtime(bundle, settings.inline_rows, settings.time_limit_seconds)
    failed = runtime.warm()
    if failed:
        LOGGER.warning("Warming up failed: %s.", failed)
    reader = requests.reader(bundle.contract, settings.maximum_rows)
    overload = Overload(settings.maximum_in_flight, settings.maximum_lag_ms / 1000, runtime.queue)
    rule, cache = (
        fallback.load(bundle),
        caches.opened(settings.cache_rows, settings.redis_url, bundle, metrics.cached.inc),
    )
    recall = Recall(settings.recalled_answers)
    room = Room(settings.room_bytes)
    return Service(settings, bundle, reader, runtime, metrics, log, recorder, recall, overload, room, rule, cache)


def report(error: BaseException, identity: str) -> None:
    """Write an error's trace to the server's own output, without its message: it may quote a user's value."""
    cause = error.__cause__ or error
    trace = "".join(traceback.format_tb(cause.__traceback__))
    LOGGER.error("Request %s: %s\n%s", identity, type(cause).__name__, trace.rstrip())
