"""One server process: it binds a port, serves one model, and stops without losing a request.

SIGTERM or Ctrl-C: /readyz turns to 503 and answers ask for new connections, while requests are still taken for
`--drain-seconds`, because a router needs a moment to notice; then what is in flight is finished, the prediction log is
written out, and the process ends with 0. A second signal ends it at once.
"""

import argparse
import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import uvicorn
from starlette.types import ASGIApp

from gatehouse import files
from gatehouse.errors import ConfigError, GatehouseError, TargetError
from gatehouse.serving import accept, limited, page
from gatehouse.serving import service as services
from gatehouse.serving.late import Late
from gatehouse.serving.middleware import Edge
from gatehouse.serving.service import Service, Settings

# Docker kills a container 10 s after it was told to stop; the drain window and the log need their part of that.
FINISH_SECONDS = 7
# New objects after which Python looks for garbage: at its own 700, a call of scikit-learn is interrupted several times,
# which takes a tenth of it.
YOUNG = 10_000
# Tenths of a second between two looks for clients that are too slow.
LOOK = 10
N = TypeVar("N", int, float)
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Limit:
    """A number that the command line or the environment may set, with its ends."""

    name: str
    default: float
    low: float
    high: float
    said: str

    @property
    def kind(self) -> type[int] | type[float]:
        """Whether it counts, or measures."""
        return type(self.default)

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"


LIMITS = (
    Limit("maximum_rows", Settings.maximum_rows, 1, 10**6, "most rows a request"),
    Limit("inline_rows", Settings.inline_rows, 0, 10**6, "rows that are predicted without another thread, by ONNX"),
    Limit(
        "maximum_in_flight", Settings.maximum_in_flight, 1, 10**6, "requests under way, beyond which they are refused"
    ),
    Limit(
        "maximum_lag_ms",
        Settings.maximum_lag_ms,
        0.1,
        10**6,
        "wait for others, beyond which requests are refused",
    ),
    Limit(
        "time_limit_seconds", Settings.time_limit_seconds, 0.001, 3600, "time for a request to come, and for the model"
    ),
    Limit(
        "cache_rows",
        Settings.cache_rows,
        0,
        10**7,
        "rows whose answers are kept in this process; GATEHOUSE_REDIS_URL: in a Redis",
    ),
    Limit(
        "recalled_answers",
        Settings.recalled_answers,
        0,
        10**6,
        "last answers that /answers tells, to compare two versions; keep users from there",
    ),
    Limit("drain_seconds", 1.0, 0, 3600, "after a signal to stop, time in which requests are still taken"),
)


class Server(uvicorn.Server):
    """A uvicorn server that drains before it stops, and whose process then ends with 0."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        listener: socket.socket,
        drain_seconds: float,
        listening: Callable[[], object],
    ) -> None:
        super().__init__(config)
        self.service, self.listener, self.drain_seconds, self.listening = service, listener, drain_seconds, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that requests are taken only now that a signal would lose none."""
        await super().startup(sockets)
        self.servers = [accept.Acceptor(self.listener, self._connection)]  # type: ignore[list-item]
        self.listening()

    async def on_tick(self, counter: int) -> bool:
        """Let go of clients that are too slow; uvicorn calls it ten times a second, and stops where it says so."""
        if not counter % LOOK:
            now = asyncio.get_running_loop().time()
            for connection in [*self.server_state.connections]:
                connection.look(now)  # type: ignore[union-attr]
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight, and what it needed."""
        await super().shutdown(sockets)
        if self.service.cache:
            await self.service.cache.store.aclose()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals while the server runs; uvicorn's own way ends the process by the signal."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._drain)
        yield
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(self.config, self.server_state, {})  # type: ignore[call-arg]

    def stop(self) -> None:
        """Stop without draining."""
        self.should_exit = True

    def _drain(self) -> None:
        if self.service.draining:
            self.should_exit = self.force_exit = True
            return
        self.service.draining = True
        asyncio.get_running_loop().call_later(self.drain_seconds, setattr, self, "should_exit", True)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the server's arguments; in a container each comes from the environment."""
    env = os.environ.get
    add = parser.add_argument
    add("--bundle", default=env("GATEHOUSE_BUNDLE"), help="the model bundle's folder (GATEHOUSE_BUNDLE)")
    add("--digest", default=env("GATEHOUSE_BUNDLE_DIGEST"), help="refuse another bundle (GATEHOUSE_BUNDLE_DIGEST)")
    add(
        "--log",
        default=env("GATEHOUSE_LOG"),
        help="folder of the prediction log, or an fsspec URL; none: no log (GATEHOUSE_LOG)",
    )
    spool = env("GATEHOUSE_LOG_SPOOL")
    add("--log-spool", default=spool, help="folder where a log waits on its way to a URL (GATEHOUSE_LOG_SPOOL)")
    add("--page", default=env("GATEHOUSE_PAGE", "on"), help="a form at /: on or off (GATEHOUSE_PAGE; %(default)s)")
    share = env("GATEHOUSE_LOG_SHARE", "1")
    add("--log-share", default=share, help="share of the rows that is logged (GATEHOUSE_LOG_SHARE; %(default)s)")
    add("--host", default=env("HOST", "127.0.0.1"), help="address to listen on (HOST; %(default)s)")
    add("--port", default=env("PORT", "8080"), help="0 takes any free port (PORT; %(default)s)")
    add("--port-file", type=Path, help="write the port here, once requests are taken")
    for limit in LIMITS:
        name = f"GATEHOUSE_{limit.name.upper()}"
        said = f"{limit.said} ({name}; %(default)s)"
        add(limit.option, dest=limit.name, default=env(name, str(limit.default)), help=said)
    add("--plain", action="store_true", help="answer /predict by FastAPI's route, to compare with the raw one")


def main(args: argparse.Namespace, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> int:
    """Serve until a signal comes, and return the exit code: 2 when serving could not begin. `wrap` is for rehearsals.

    The message of an error goes to stderr.
    """
    # Until the server handles them: process 1 of a container ignores signals that it does not handle. Not by
    # SystemExit, which is lost where Python ignores what is raised, as in a weak reference's callback.
    for number in SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))
    try:
        settings, port, drain_seconds = _settings(args)
        limited.open_many()
        with accept.bound(args.host, port) as listener:
            service = services.start(settings)
            try:
                _serve(service, Late(partial(_made, service, wrap), service), listener, args.port_file, drain_seconds)
            finally:
                service.close()
    except GatehouseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _settings(args: argparse.Namespace) -> tuple[Settings, int, float]:
    if not args.bundle:
        raise ConfigError("No model bundle was named. Use --bundle or GATEHOUSE_BUNDLE.")
    settings = Settings(
        bundle=Path(args.bundle),
        expected=args.digest or None,
        log=args.log or None,
        log_spool=Path(args.log_spool) if args.log_spool else None,
        page=page.wanted(args.page),
        log_share=_number(float, args.log_share, "--log-share", 0, 1),
        # Not an argument: whoever lists the processes would read it.
        log_key=os.environ.get("GATEHOUSE_LOG_KEY", ""),
        plain=args.plain,
        # Not an argument either: it may hold a password.
        redis_url=os.environ.get("GATEHOUSE_REDIS_URL", ""),
    )
    found = {one.name: _number(one.kind, getattr(args, one.name), one.option, one.low, one.high) for one in LIMITS}
    drain_seconds = float(found.pop("drain_seconds"))
    return replace(settings, **found), _number(int, args.port, "--port", 0, 65535), drain_seconds  # type: ignore[arg-type]


def _number(kind: type[N], text: str, name: str, low: float, high: float) -> N:
    with suppress(ValueError):
        number = kind(text)
        if low <= number <= high:
            return number
    raise ConfigError(f"{name} is {text!r}, and must be a number from {low} to {high}.")


def settle() -> None:
    """Look for garbage more seldom, and not among what was loaded, which stays; to look would hold up requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _made(service: Service, wrap: Callable[[ASGIApp], ASGIApp]) -> ASGIApp:
    from gatehouse.serving import app

    return app.create(service, wrap)


def _serve(service: Service, app: Late, listener: socket.socket, port_file: Path | None, drain: float) -> None:
    config = uvicorn.Config(
        Edge(app, service), loop="uvloop", http=limited.of(service), lifespan="off", log_level="warning",
        access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=FINISH_SECONDS,
    )  # fmt: skip
    try:
        listener.listen(config.backlog)
    except OSError as error:
        raise TargetError(f"Cannot listen on {listener.getsockname()}: {error.strerror}. Take another port.") from error

    def listening() -> None:
        # A server that can only answer a part of what it should is none.
        app.begin().add_done_callback(lambda _: server.stop() if app.failure else None)
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        at = f"{url}/ is a page to try it, {url}/docs" if service.settings.page else f"{url}/docs"
        print(f"Model {service.bundle.version} is served: {at} says how to ask.", file=sys.stderr)  # noqa: T201
        if port_file:
            files.write_text(port_file, f"{port}\n")

    settle()
    server = Server(config, service, listener, drain, listening)
    server.run(sockets=[])
    if app.failure:
        raise TargetError(f"The server's application cannot be made: {app.failure!r}.") from app.failure
