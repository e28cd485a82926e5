import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.errors import ConfigError
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import ports, waiting

SERVER = Path(__file__).parent.parent / "targets" / "tiny_server.py"
ROWS = [{"amount": 1.0}] * 40


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    """Return a function that starts a tiny server with arguments and returns its address."""
    servers = []

    def start(*arguments: str) -> str:
        file = tmp_path / "port"
        servers.append(subprocess.Popen([sys.executable, str(SERVER), "--port-file", str(file), *arguments]))
        waiting.until(file.exists, 10, "The server did not start")
        return f"http://127.0.0.1:{file.read_text()}"

    yield start
    for server in servers:
        server.kill()
        server.wait()


def test_answers_are_recorded(serve):
    """Each row is one request, with its status, its latency and who answered."""
    with Traffic(serve("--version", "2.0.0"), ROWS, 200) as traffic:
        assert traffic.wait(20)
    assert len(traffic.answers) == len(ROWS)
    assert {(answer.status, answer.version) for answer in traffic.answers} == {(200, "2.0.0")}
    assert all(0 < answer.latency_ms < 5000 for answer in traffic.answers)


def test_rate_is_kept_by_slow_server(serve):
    """A server that takes half a second for each answer does not slow the requests down."""
    with Traffic(serve("--delay", "0.5"), ROWS, 100) as traffic:
        traffic.wait()
    due = sorted(answer.at for answer in traffic.answers)
    assert due[-1] - due[0] == pytest.approx(39 / 100)
    assert min(answer.latency_ms for answer in traffic.answers) >= 500


def test_failures_are_found(serve):
    """What a server fails is counted, with what it said."""
    with Traffic(serve("--error-share", "0.5"), ROWS, 200) as traffic:
        traffic.wait()
    assert 0 < len(traffic.failures) < len(ROWS)
    assert traffic.failures[0].status == 500
    assert "planted fault" in traffic.failures[0].error


def test_unanswered_requests_are_failures():
    """Where nobody listens, each request is a failure without a status."""
    with Traffic(f"http://127.0.0.1:{ports.free()}", ROWS[:3], 100) as traffic:
        traffic.wait()
    assert [answer.status for answer in traffic.failures] == [0, 0, 0]
    assert "ClientConnectorError" in traffic.failures[0].error


def test_stops_when_told(serve):
    """Endless rows end with the context, and no request is left open."""
    with Traffic(serve("--delay", "0.1"), itertools.repeat(ROWS[0]), 100) as traffic:
        while not traffic.answers:
            assert not traffic.wait(0.1)
        traffic.mark("enough")
    assert traffic.failures == []
    moment, what = traffic.marks[0]
    assert what == "enough"
    assert traffic.around(moment, 60)
    assert not traffic.around(moment - 60, 0.1)


def test_rate_of_zero_refused():
    """A rate that sends nothing is refused, and so is one that is no number."""
    for rate in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="positive rate"):
            Traffic("http://127.0.0.1:1", ROWS, rate)
