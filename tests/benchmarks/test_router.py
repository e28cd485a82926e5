import re
import socket
from pathlib import Path
from typing import Any

import pytest

from benchmarks import router

STEADY: dict[str, Any] = {"good_per_second": 1000.0, "sent": 5000, "statuses": {"200": 5000}}
CHANGING = {**STEADY, "good_per_second": 960.0, "changes": [5, 10]}


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, True),
        ({"good_per_second": 940.0}, False),
        ({"statuses": {"200": 4999}}, False),
        ({"statuses": {"200": 4999, "502": 1}}, False),
        ({"changes": []}, False),
    ],
)
def test_goals_are_judged(changes: dict[str, Any], met: bool) -> None:
    """Fewer requests, a failed or a lost one, and no change at all are misses."""
    found = router.judged([STEADY], [{**CHANGING, **changes}])
    assert found["met"] is met
    assert ("✗" in router.table(found)) is (not met and bool(found["changes"]))


def test_real_router_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The benchmark runs as a user starts it, even while users are at the port of the settings; no request fails."""
    out, config = tmp_path / "router.json", tmp_path / "gatehouse.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = Path("gatehouse.toml").read_text(encoding="utf-8")
        config.write_text(re.sub(r"(?m)^port = \d+", f"port = {taken.getsockname()[1]}", text), encoding="utf-8")
        assert config.read_text(encoding="utf-8") != text
        options = ["--config", str(config), "--seconds", "1", "--rounds", "1", "--every", "0.2", "--out", str(out)]
        router.main(options)
    assert "✓ requests that failed" in capsys.readouterr().out
    assert out.is_file()
