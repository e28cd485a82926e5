import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import rollback
from gatehouse import config as settings

GOOD = {"seconds": 0.4, "done_seconds": 5.0, "requests": 1000, "failed": 0}
REPLACED = {"seconds": 4.0, "done_seconds": 3.0, "requests": 1000, "failed": 300}


def judged(**changes: Any) -> dict[str, Any]:
    """Return what is said of a round, with one figure of the decision or the script changed."""
    way = "script" if changes.pop("script", False) else "decision"
    return rollback.judged([{"decision": GOOD, "script": GOOD, "replaced": REPLACED, way: {**GOOD, **changes}}])


@pytest.mark.parametrize(
    ("changes", "met"),
    [({}, True), ({"seconds": 1.2}, False), ({"failed": 1}, False), ({"script": True, "failed": 1}, False)],
)
def test_goals_are_judged(changes: dict[str, Any], met: bool) -> None:
    """A slow decision and a failed request are misses; how slow the other way is, is told and not judged."""
    found = judged(**changes)
    assert found["met"] is met
    assert ("✗" in rollback.table(found)) is not met


def test_ratio_is_of_medians() -> None:
    """The other way is told as so many times the decision, and the script."""
    found = judged(seconds=0.2)
    assert found["ratio"] == {"decision": pytest.approx(20.0), "script": pytest.approx(10.0)}


def test_users_keep_their_port(tmp_path: Path) -> None:
    """The benchmark's production listens elsewhere than the settings say, where users may be."""
    config = tmp_path / "gatehouse.toml"
    text = Path("gatehouse.toml").read_text(encoding="utf-8")
    config.write_text(re.sub(r"(?m)^port = \d+", "port = 47121", text), encoding="utf-8")
    assert settings.load(config).rollout.port == 47121
    assert rollback.placed(config, "image", "state").rollout.port == 0
