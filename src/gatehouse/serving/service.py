"""One model being served: everything that a request meets, opened before the first and closed after the last."""

import logging
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.predictions import Predictions
from gatehouse.serving import cache as caches
from gatehouse.serving import fallback, prediction_log, requests, shipping
from gatehouse.serving.cache import Cache
from gatehouse.serving.fallback import Fallback
from gatehouse.serving.metrics import Metrics
from gatehouse.serving.overload import Overload
from gatehouse.serving.recorder import Recorder
from gatehouse.serving.requests import Reader
from gatehouse.serving.runtime import ModelError, Runtime

LOGGER = logging.getLogger(__name__)


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
    inline_rows: int = 20
    maximum_in_flight: int = 64
    maximum_lag_ms: float = 50.0
    time_limit_seconds: float = 5.0
    # The prediction cache: so many rows in this process, or a Redis; neither is none.
    cache_rows: int = 0
    redis_url: str = ""
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
    overload: Overload
    fallback: Fallback | None = None
    cache: Cache | None = None
    draining: bool = False

    async def predict(self, body: bytes, request_id: str) -> dict[str, Any]:
        """Answer one request's body.

        Where the model fails, the fallback answers: that is marked and counted, and not logged, because it is not what
        the model says of the world. Raises RequestError for a request that is wrong, ModelError for a broken model
        without a fallback, TooLateError for a slow one.
        """
        batch = self.reader.read(body)
        for column, count in batch.unseen.items():
            self.metrics.unseen.labels(column).inc(count)
        now = datetime.now(UTC)
        try:
            answers = await self._answers(batch.rows)
        except ModelError as error:
            self.metrics.model_errors.inc()
            report(error, request_id)
            if self.fallback is None:
                raise
            answers = self.fallback.answer(batch.rows)
            self.metrics.fallbacks.inc(len(answers))
            return {**self._document(answers, request_id), "fallback": True}
        self.metrics.predicted(answers)
        if self.log:
            self.recorder.add(self.log, now, request_id, batch, answers)
        return self._document(answers, request_id)

    async def _answers(self, rows: list[dict[str, Any]]) -> Predictions:
        return await (self.cache.answer(rows, self.runtime.predict) if self.cache else self.runtime.predict(rows))

    def _document(self, answers: Predictions, request_id: str) -> dict[str, Any]:
        return {
            "predictions": answers.values.tolist(),
            "scores": prediction_log.scores(answers),
            "model_version": self.bundle.version,
            "request_id": request_id,
        }

    def close(self) -> None:
        """Finish the model's work and write what is left of the log."""
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
    overload = Overload(settings.maximum_in_flight, settings.maximum_lag_ms / 1000)
    rule, cache = (
        fallback.load(bundle),
        caches.opened(settings.cache_rows, settings.redis_url, bundle, metrics.cached.inc),
    )
    return Service(settings, bundle, reader, runtime, metrics, log, recorder, overload, rule, cache)


def report(error: BaseException, identity: str) -> None:
    """Write an error's trace to the server's own output, without its message: it may quote a user's value."""
    cause = error.__cause__ or error
    trace = "".join(traceback.format_tb(cause.__traceback__))
    LOGGER.error("Request %s: %s\n%s", identity, type(cause).__name__, trace.rstrip())
