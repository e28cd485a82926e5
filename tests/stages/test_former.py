import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from stages.paper_target import PaperTarget

from gatehouse.canary.state import Phase, Placed, State
from gatehouse.release import Release
from gatehouse.stages import former
from gatehouse.verdicts import Decision

NOW, BEFORE, EARLIER = (Release(f"1.{n}.0", str(n) * 64, "x") for n in (2, 1, 0))
STATE = State(
    Phase.PROMOTED, stable=Placed("blue", NOW), previous=Placed("green", BEFORE), former=(BEFORE, EARLIER), settled=True
)


class Door(BaseHTTPRequestHandler):
    """Says which version it is."""

    def do_GET(self) -> None:
        """Answer /1.1.0/version."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"model_version": self.path.split("/")[1], "bundle": "0" * 64}).encode())

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def target() -> Iterator[PaperTarget]:
    """Return a target on paper whose doors answer."""
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        target = PaperTarget(running={"blue": NOW, "green": BEFORE})
        target.url = f"http://127.0.0.1:{server.server_port}"
        yield target
        server.shutdown()


def decided(target: PaperTarget, state: State = STATE) -> list[Decision]:
    """Return the decisions, of which none stops anything."""
    checks = former.judge(target, state)
    assert [check.name for check in checks] == ["version 1.1.0", "version 1.0.0"]
    assert all(check.advisory for check in checks)
    return [check.decision for check in checks]


def test_both_could_take_over(target):
    """One runs and answers, the other could be started."""
    assert decided(target) == [Decision.PROMOTE, Decision.PROMOTE]


def test_wrong_or_silent_version_is_seen(target):
    """Where another version answers, or none, it is said; so is a bundle that is gone."""
    target.running["green"] = NOW
    target.broken = ("1.0.0",)
    assert decided(target) == [Decision.HOLD, Decision.HOLD]
    target.url = "http://127.0.0.1:1"
    assert "did not answer" in former.judge(target, STATE)[0].why
