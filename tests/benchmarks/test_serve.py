import asyncio
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from benchmarks.serve import __main__ as table
from benchmarks.serve import bench, contenders, load, pace, processes, speed
from benchmarks.serve.contenders import AbsentError, Contender

linux = pytest.mark.skipif(not processes.PROC.is_dir(), reason="there is no /proc, so nothing to read")


class Answers(BaseHTTPRequestHandler):
    """Answers 200, but every third time 503, and after 20 requests it breaks off; not ready after 10."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    asked = 0

    def do_POST(self) -> None:
        """Answer a prediction."""
        type(self).asked += 1
        self.rfile.read(int(self.headers["content-length"]))
        if self.asked == 20:
            self.close_connection = True
            return
        self.answer(503 if self.asked % 3 == 0 else 200)

    def do_GET(self) -> None:
        """Say whether it is ready."""
        self.answer(503 if self.asked > 10 else 200)

    def answer(self, status: int) -> None:
        """Send a status and two bytes."""
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Be silent."""


@pytest.fixture
def port() -> Iterator[int]:
    """Return the port of a server that answers, refuses, and breaks off."""
    Answers.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def idle() -> Contender:
    """Return a server that does nothing, by this Python."""
    command = (sys.executable, str(contenders.HERE / "empty.py"), "plain", "{port}")
    return Contender("idle", "requirements.txt", command, "/predict", "/readyz", dict, lambda answer: [])


def loaded(port: int, folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Return what the load generator says of a server."""
    bodies = folder / "bodies.jsonl"
    bodies.write_text('{"a": 1}\n{"a": 2}')
    line = ["--port", str(port), "--path", "/predict", "--bodies", str(bodies), "--connections", "1", *options]
    assert load.main(line) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_load_counts_all(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Good answers, refusals and requests that nobody answered are told apart."""
    # Half-way between two requests: at their very edge, rounding decides whether one more is due.
    found = loaded(port, tmp_path, capsys, "--rate", "100", "--seconds", "0.295")
    assert found["sent"] == 30
    assert found["lost"] == 1
    assert found["statuses"] == {"200": 19, "503": 10}
    assert found["good_ms"]["p99"] > 0


def test_load_stops_when_refused(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a router, it sends no more from the moment at which the server says that it is not ready."""
    watch = ("--watch", "/readyz", "--until-refused")
    found = loaded(port, tmp_path, capsys, "--rate", "100", "--seconds", "20", *watch)
    assert 10 < found["sent"] < 2000


def test_load_needs_a_length() -> None:
    """An answer in pieces is waited for; one whose end nobody can know is refused."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4"
    assert load.complete(head + b"\r\n\r\n1234", len(head))
    assert not load.complete(head + b"\r\n\r\n123", len(head))
    with pytest.raises(ValueError, match="without a length"):
        load.complete(b"HTTP/1.1 200 OK\r\n\r\n", 15)


@linux
def test_process_is_measured(idle: Contender, tmp_path: Path) -> None:
    """A server is started, on a core where there are two, and its time and memory are those of its processes."""
    with processes.running(idle, tmp_path / "model") as server:
        assert server.start_seconds > 0
        assert server.cpu_seconds() > 0
        assert 1 < server.memory_mb() < 500
        assert not processes.PINNED or os.sched_getaffinity(server.process.pid) == {processes.SERVER_CORE}
        server.terminate()


def test_dead_server_is_absent(idle: Contender, tmp_path: Path) -> None:
    """A server that ends before it is ready is reported with what it said."""
    broken = Contender(**{**vars(idle), "command": (sys.executable, "-c", "raise SystemExit('no model')")})
    with (
        pytest.raises(AbsentError, match="idle did not become ready: no model"),
        processes.running(broken, tmp_path / "m"),
    ):
        pass


def test_what_cannot_be_installed_is_absent(idle: Contender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose requirements cannot be had is reported, not passed over."""
    monkeypatch.setattr(contenders, "BUILD", tmp_path)
    wanted = tmp_path / "requirements-none.txt"
    wanted.write_text("--no-index\nno-such-server==1 --hash=sha256:" + 64 * "0")
    with pytest.raises(AbsentError, match=r"uv ended with \d+: .*no-such-server"):
        Contender(**{**vars(idle), "requirements": str(wanted)}).install()


@contextmanager
def nobody(*wanted: Contender) -> Iterator[None]:
    """Stand for servers that cannot be started."""
    raise AbsentError(f"{wanted[-1].name} cannot be installed")
    yield


def test_absent_peer_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison without the other server is no goal met, and the table says why."""
    empty = bench.Bench(Path(), None, [], [], None, 1, 1, 1)  # type: ignore[arg-type]
    monkeypatch.setattr(empty, "running", nobody)
    lines = [*table.measured("throughput", empty), *table.measured("latency", empty)]
    assert len(lines) == 5
    assert not any(line.met for line in lines)
    assert all("NOT MEASURED" in table.shown(line) and "cannot be installed" in table.shown(line) for line in lines)


def test_overload_is_judged() -> None:
    """Few good answers and late refusals are misses; a share with prices, and that none was refused, are told."""
    run = {"good_per_second": 990, "refused_ms": {"p99": 2}, "watched_ms": {"max": 9}, "statuses": {"503": 1},
           "sent": 3000, "due": 3000, "seconds": 1, "core_share": 1}  # fmt: skip

    def met(capacity: float, prices: str = "", **changes: object) -> list[bool]:
        usual, most = {"good_per_second": capacity}, {"good_per_second": 1200}
        lines = speed.overload_lines(speed.Overloaded([usual], [most], [{**run, **changes}]), "here", prices)
        assert lines[1].observed == 82.5
        return [line.met for line in lines if line.judged]

    assert met(1000) == [True, True, True]
    assert met(1100) == met(math.nan) == [False, True, True]
    assert met(1100, "so much") == [True, True]
    assert met(1000, refused_ms={"p99": 11}) == [True, False, True]
    assert met(1000, statuses={"200": 1}) == [True, True]
    assert met(1000, watched_ms={"max": 51}) == [True, True, False]


def test_refusals_are_priced() -> None:
    """What a refusal takes is what the good answers leave of the processor's time."""
    run = {"cpu_ms": 0.5, "statuses": {"200": 60, "503": 40}}
    assert speed.prices(speed.Overloaded([{"cpu_ms": 0.8}], [], [run]), 0.009) == (
        "an answer takes 800 us, a refusal 50 us, to read and write anything 9 us"
    )
    assert math.isnan(speed.refusal_ms({"cpu_ms": 0.8, "statuses": {"200": 60}}, 0.8))


def test_patient_clients_wait(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that was told to come back later does, and one that is not patient asks again at once."""
    waits = loaded(port, tmp_path, capsys, "--seconds", "0.3", "--patient")
    assert waits["statuses"] == {"200": 2, "503": 1}
    assert loaded(port, tmp_path, capsys, "--seconds", "0.3")["sent"] > 5


@pytest.mark.parametrize(
    ("paces", "kept"),
    [
        ([(100, 110), (114, 100), (101, 102), (200, 100)], [(101, 102), (100, 110), (114, 100)]),
        # Of two loads each has its own least: that the second takes more of the core's caches says nothing.
        ([(100, 150), (190, 150), (101, 152), (100, 180), (100, 151)], [(100, 150), (100, 151), (101, 152)]),
        # At first the core was slow all the time.
        ([(200, 201), (202, 200), (100, 101), (101, 100), (101, 101)], [(100, 101), (101, 100), (101, 101)]),
        # As many times as it may be tried: the fastest ones.
        ([(100 * 2**number, 100) for number in range(9)], [(100, 100), (200, 100), (400, 100)]),
        # Where nothing tells of the core.
        ([(0, 0)] * 5, [(0, 0)] * 3),
    ],
)
def test_slow_rounds_are_left_out(paces: list[tuple[int, int]], kept: list[tuple[int, int]]) -> None:
    """What was measured on a slow core is measured again, whichever of two loads met it, and the table says so."""
    given = iter(paces)
    found = bench.Bench(Path(), None, [], [], None, 1, 3, 1)  # type: ignore[arg-type]
    rounds = found.steady(3, lambda: [{"pace_us": pace} for pace in next(given)])
    assert [tuple(run["pace_us"] for run in loads) for loads in rounds] == kept
    (line,) = found.pace()
    assert line.observed == len(paces) - sum(1 for _ in given) - len(rounds)
    assert not line.judged
    slowest = max(
        pace / least if least else 1 for pace, least in zip(kept[-1], map(min, zip(*kept, strict=True)), strict=True)
    )
    assert f"up to {slowest:.2f} times" in line.note


def test_pace_is_of_this_core() -> None:
    """The core's time for a piece of work is taken while it is waited for, and nothing goes on afterwards."""
    measured = pace.Pace()
    measured.start()
    time.sleep(0.3)
    assert 10 < measured.end() < 1e5
    assert not measured.is_alive()
    assert bench.Bench(Path(), None, [], [], None, 1, 3, 1).pace() == []  # type: ignore[arg-type]


def test_time_to_connect_is_not_counted(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a given rate a run begins when all connections are open."""
    connect = load.Load.connect

    async def slow(self: load.Load) -> None:
        await asyncio.sleep(1)
        await connect(self)

    monkeypatch.setattr(load.Load, "connect", slow)
    assert loaded(port, tmp_path, capsys, "--rate", "100", "--seconds", "0.05")["seconds"] < 0.9
