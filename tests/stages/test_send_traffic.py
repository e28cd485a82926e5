import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatehouse.config import Config
from gatehouse.errors import DataError, EvidenceError
from gatehouse.stages import send_traffic
from gatehouse.targets import waiting
from gatehouse.verdicts import Decision

SERVER = Path(__file__).parent.parent / "targets" / "tiny_server.py"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[float], str]]:
    """Return a function that starts a server which fails a share of the requests, and returns its address."""
    servers = []

    def start(share: float) -> str:
        file = tmp_path / "port"
        command = [sys.executable, str(SERVER), "--port-file", str(file), "--error-share", str(share)]
        servers.append(subprocess.Popen(command))
        waiting.until(file.exists, 10, "The server did not start")
        return f"http://127.0.0.1:{file.read_text()}"

    yield start
    for server in servers:
        server.kill()
        server.wait()


def arguments(url: str, rows: Path | None) -> argparse.Namespace:
    """Return a parsed command line: ten requests within a tenth of a second."""
    return argparse.Namespace(url=url, rows=rows, since=None, until=None, rate=100.0, seconds=0.1)


def test_failures_reject(serve, tmp_path):
    """A request that fails is a reject that says how many, and who answered the others."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"amount": 1.0, "note": "\u2028"}\n\n{"amount": 2.0}\n')
    verdict = send_traffic.main(Config(), arguments(serve(0.4), rows))
    assert verdict.decision == Decision.REJECT
    assert "of 10 requests failed (version 1.0.0:" in verdict.why
    assert "planted fault" in verdict.why


def test_answers_promote(serve):
    """When every request was answered, all is well."""
    verdict = send_traffic.run(serve(0.0), [{"amount": 1.0}], 100.0, 0.1)
    assert verdict.decision == Decision.PROMOTE
    assert verdict.details["versions"] == {"1.0.0": 10}


@pytest.mark.parametrize(("text", "said"), [("", "holds no rows"), ("[1]\n", "one JSON object a line"), ("{", "JSON")])
def test_strange_rows_refused(tmp_path, text, said):
    """A file without rows, or with something else, is an error before anything is sent."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(text)
    with pytest.raises(DataError, match=said):
        send_traffic.main(Config(), arguments("http://127.0.0.1:1", rows))


def test_missing_rows_refused(tmp_path):
    """A file that does not exist is an error."""
    with pytest.raises(EvidenceError, match="no file of rows"):
        send_traffic.main(Config(), arguments("http://127.0.0.1:1", tmp_path / "none.jsonl"))


def test_workload_gives_rows(own):
    """Without a file the workload's own rows are sent, as a client would write them."""
    rows = send_traffic.of_workload(own.config, None, None)
    assert len(rows) > 100
    assert json.loads(json.dumps(rows[0])) == rows[0]
    assert own.found.contract.named("target") not in rows[0]
