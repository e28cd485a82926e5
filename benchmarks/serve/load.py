"""Send POST requests to one address, as they are answered or evenly spaced, and print what came of them as JSON.

Raw HTTP/1.1 on uvloop, since a library's client costs more than the server that it is to measure. It imports nothing
of Gatehouse, so that the same program loads every server.

Examples:
  python -m benchmarks.serve.load --port 8080 --path /predict --bodies bodies.jsonl
  python -m benchmarks.serve.load --port 8080 --path /predict --bodies bodies.jsonl --rate 1000 --watch /healthz
"""

import argparse
import asyncio
import gc
import json
import math
import os
import time
from array import array
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

OK, BUSY = 200, 503
RETRY_SECONDS = 1.0
WATCH_SECONDS = 0.05
PATIENCE_SECONDS = 15.0


class Connection(asyncio.Protocol):
    """One connection with at most one request in flight."""

    __slots__ = ("buffer", "due", "load", "open", "sent", "transport")

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.sent = self.due = 0.0
        self.open = False
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for requests."""
        self.transport, self.open = transport, True

    def send(self, due: float) -> None:
        """Send the next request, which was due at `due`."""
        self.due, self.sent = due, time.perf_counter()
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        """Wait for the answer's end, and count it."""
        if self.buffer:
            data = self.buffer + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or not complete(data, end):
            self.buffer = data
            return
        self.buffer = b""
        if b"connection: close" in data[:end].lower():
            self.open = False
            self.transport.close()
        self.load.answered(self, int(data[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the request that was in flight as lost."""
        self.open = False
        if self.sent:
            self.load.lost(self)


def complete(data: bytes, end: int) -> bool:
    """Tell whether an answer is whole whose headers end at `end`. Raises ValueError when nothing says its length."""
    head = data[:end].lower()
    at = head.find(b"content-length:")
    if at >= 0:
        stop = head.find(b"\r\n", at)
        return len(data) >= end + 4 + int(head[at + 15 : stop if stop > 0 else end])
    if b"transfer-encoding: chunked" in head:
        return data.endswith(b"0\r\n\r\n")
    raise ValueError(f"An answer without a length: {data[:end]!r}.")


class Load:
    """The requests of one run, what was answered, and how fast; latencies in seconds."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.requests = rendered(args)
        self.number = self.flying = self.gone = self.due = 0
        self.statuses: Counter[int] = Counter()
        self.times = {True: array("d"), False: array("d")}
        self.late = array("d")
        self.watched = array("d")
        self.waiting: deque[float] = deque()
        self.idle: list[Connection] = []
        self.made: list[Connection] = []
        self.stopped = False
        self.began = self.end = 0.0

    def next_request(self) -> bytes:
        """Return the bytes of the next request."""
        self.number += 1
        self.flying += 1
        return self.requests[self.number % len(self.requests)]

    def answered(self, connection: Connection, status: int) -> None:
        """Count an answer, and use the connection again."""
        now = time.perf_counter()
        self.flying -= 1
        self.statuses[status] += 1
        # A good answer is late from when its request was due; a refusal comes soon or not from when it was sent.
        self.times[status == OK].append(now - (connection.due if status == OK else connection.sent))
        self.late.append(connection.sent - connection.due)
        connection.sent = 0.0
        if not connection.open:
            asyncio.get_running_loop().create_task(self.connect())
        elif not self.args.rate:
            pause = RETRY_SECONDS if self.args.patient and status == BUSY else 0
            self.again(connection, pause)
        elif self.waiting:
            connection.send(self.waiting.popleft())
        else:
            self.idle.append(connection)

    def again(self, connection: Connection, pause: float = 0) -> None:
        """Send the next request, after a pause, while there is time."""
        now = time.perf_counter()
        if pause:
            asyncio.get_running_loop().call_later(pause, self.again, connection)
        elif connection.open and now < self.end and not self.stopped:
            connection.send(now)

    def lost(self, connection: Connection) -> None:
        """Count a request without an answer."""
        connection.sent = 0.0
        self.flying -= 1
        self.gone += 1
        if not self.stopped:
            asyncio.get_running_loop().create_task(self.connect())

    async def connect(self) -> None:
        """Open a connection and give it work; where nobody listens any more, none is opened."""
        try:
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), "127.0.0.1", self.args.port
            )
        except OSError:
            return
        self.made.append(made)
        if self.args.rate:
            self.idle.append(made)
        else:
            self.again(made)

    async def run(self) -> dict[str, Any]:
        """Send until the time is over, wait for what is in flight, and return what came of it."""
        # Without answers there is no pause: a collection of garbage would be one of the generator's own.
        gc.disable()
        self.began = time.perf_counter()
        self.end = self.began + self.args.seconds
        await asyncio.gather(*(self.connect() for _ in range(self.args.connections)))
        watcher = asyncio.create_task(self.watch()) if self.args.watch else None
        if self.args.rate:
            self.began = time.perf_counter()
            await self.pump()
        else:
            while time.perf_counter() < self.end and not self.stopped:
                await asyncio.sleep(0.01)
        took = time.perf_counter() - self.began
        answered = self.statuses.copy()
        if watcher:
            watcher.cancel()
        self.waiting.clear()
        patience = time.perf_counter() + PATIENCE_SECONDS
        while self.flying and time.perf_counter() < patience:
            await asyncio.sleep(0.01)
        for connection in self.made:
            connection.transport.abort()
        gc.enable()
        return self.result(took, answered)

    async def pump(self) -> None:
        """Send what is due, without sleeping: a timer of a millisecond would be as coarse as what is measured."""
        step, due = 1 / self.args.rate, time.perf_counter()
        end = due + self.args.seconds
        while due < end and not self.stopped:
            now = time.perf_counter()
            while due <= now and due < end:
                self.due += 1
                if self.idle:
                    self.idle.pop().send(due)
                else:
                    self.waiting.append(due)
                due += step
            await asyncio.sleep(0)

    async def watch(self) -> None:
        """Ask for another path beside the load, each time on a new connection; stop sending when it says no."""
        while True:
            began = time.perf_counter()
            status = await self.glance()
            self.watched.append(time.perf_counter() - began)
            if self.args.until_refused and status != OK:
                self.stopped = True
                return
            await asyncio.sleep(WATCH_SECONDS)

    async def glance(self) -> int:
        """Return the status of the watched path, 0 without an answer."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.args.port)
            writer.write(f"GET {self.args.watch} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
            head = await reader.read(-1)
            writer.close()
        except OSError:
            return 0
        return int(head[9:12] or 0)

    def result(self, seconds: float, answered: Counter[int]) -> dict[str, Any]:
        """Return the counts and the milliseconds; `answered` are those of the time that was asked for."""
        return {
            "seconds": seconds,
            "sent": self.number,
            "due": self.due,
            "good_per_second": answered[OK] / seconds,
            "answered_per_second": answered.total() / seconds,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "lost": self.gone + self.flying,
            "good_ms": milliseconds(self.times[True]),
            "refused_ms": milliseconds(self.times[False]),
            "late_ms": milliseconds(self.late),
            "watched_ms": milliseconds(self.watched),
        }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return quantiles (nearest rank), nothing without values."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    ranks = {name: ordered[math.ceil(share * len(ordered)) - 1] for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {name: 1000 * value for name, value in {**ranks, "max": ordered[-1]}.items()}


def rendered(args: argparse.Namespace) -> list[bytes]:
    """Return the requests as they go over the wire, one for each line of the file."""
    head = f"POST {args.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: "
    bodies = [line.encode() for line in args.bodies.read_text(encoding="utf-8").splitlines()]
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


def main(argv: Sequence[str] | None = None) -> int:
    """Send, and print."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--path", required=True)
    made.add_argument("--bodies", type=Path, required=True, help="one JSON document a line, sent in turn")
    made.add_argument("--connections", type=int, default=16, help="kept open (%(default)s)")
    made.add_argument("--seconds", type=float, default=5, help="of sending (%(default)s)")
    made.add_argument("--rate", type=float, default=0, help="requests a second, answered or not; 0: as answered")
    made.add_argument("--patient", action="store_true", help="come back a second later when answered 503")
    made.add_argument("--watch", default="", help="path that is asked beside the load, every 50 ms")
    made.add_argument("--until-refused", action="store_true", help="stop when the watched path is not answered 200")
    made.add_argument("--core", type=int, help="run on this core")
    args = made.parse_args(argv)
    if args.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {args.core})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(Load(args).run())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
