"""Test traffic that does not wait: requests leave when they are due, whether or not earlier ones were answered.

Real users do not slow down because a server does. A generator that waits for each answer would send fewer requests
just when a server is in trouble, and measure its latency too low.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp

from gatehouse.errors import ConfigError

OK = 200


@dataclass(frozen=True)
class Answer:
    """One request: when it was due (seconds since the epoch), and what came of it.

    `status` is 0 without an answer, and `error` says why. `latency_ms` runs from the moment at which it was due.
    """

    at: float
    status: int
    latency_ms: float
    version: str | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether it got a prediction."""
        return self.status == OK


class Traffic:
    """Sends one row after another to `url`/predict, `rate` a second, from a thread of its own, until the rows end.

    Use it as a context. `answers` grows as they come; `marks` are the moments at which something was changed.
    """

    def __init__(
        self,
        url: str,
        rows: Iterable[Mapping[str, Any]],
        rate: float,
        *,
        timeout_seconds: float = 15.0,
    ) -> None:
        if not rate > 0:
            raise ConfigError(f"{rate} requests a second send nothing. Give a positive rate.")
        self.url, self.rows, self.rate = url, rows, rate
        self.timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self.answers: list[Answer] = []
        self.marks: list[tuple[float, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send_all()), name="traffic", daemon=True)

    def __enter__(self) -> "Traffic":
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send no more, and wait for the answers that are due."""
        self._stop.set()
        self._thread.join()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the rows are at their end, at most `seconds`; tell whether they are."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def mark(self, what: str) -> None:
        """Remember that something is changed now."""
        self.marks.append((time.time(), what))

    @property
    def failures(self) -> list[Answer]:
        """The requests that got no prediction."""
        return [answer for answer in self.answers if not answer.ok]

    def around(self, moment: float, seconds: float) -> list[Answer]:
        """Return the requests that were due within `seconds` of a moment, before or after."""
        return [answer for answer in self.answers if abs(answer.at - moment) <= seconds]

    async def _send_all(self) -> None:
        begin, clock = time.perf_counter(), time.time()
        connector = aiohttp.TCPConnector(limit=0)
        session_of = aiohttp.ClientSession(connector=connector, timeout=self.timeout)
        async with session_of as session, asyncio.TaskGroup() as group:
            for number, row in enumerate(self.rows):
                after = number / self.rate
                # When this loop is late, the next requests leave at once, and their lateness counts as latency.
                while (pause := begin + after - time.perf_counter()) > 0 and not self._stop.is_set():
                    await asyncio.sleep(min(pause, 0.1))
                if self._stop.is_set():
                    break
                group.create_task(self._send(session, row, begin + after, clock + after))

    async def _send(self, session: aiohttp.ClientSession, row: Mapping[str, Any], due: float, at: float) -> None:
        status, version, error = 0, None, ""
        try:
            async with session.post(f"{self.url}/predict", json={"rows": [row]}) as answer:
                status, body = answer.status, await answer.read()
                version, error = _version(body), "" if status == OK else body.decode(errors="replace")[:300]
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            status, error = 0, f"{type(failure).__name__}: {failure}"
        latency = (time.perf_counter() - due) * 1000
        self.answers.append(Answer(at, status, latency, version, error))


def _version(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["model_version"])
    except (ValueError, LookupError, TypeError):
        return None
