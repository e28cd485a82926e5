import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatehouse.stages import drift_metrics
from gatehouse.verdicts import Decision

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def read(path: Path) -> dict[tuple[str, ...], float]:
    """Return the numbers of a file by their names and labels."""
    families = text_string_to_metric_families(path.read_text())
    return {(item.name, *item.labels.values()): item.value for family in families for item in family.samples}


def test_tells_last_check(tmp_path: Path) -> None:
    """The file says when the check ran and judged, what of, and with which verdict; a later one takes its place."""
    for decision in (Decision.HOLD, Decision.REJECT):
        path = drift_metrics.write(tmp_path / "state", NOON, decision, 700, 2, datetime(2026, 7, 31, tzinfo=UTC))
    found = read(path)
    assert found["gatehouse_drift_last_run_timestamp_seconds",] == NOON.timestamp()
    assert found["gatehouse_drift_last_judged_timestamp_seconds",] == NOON.timestamp() - 36 * 3600
    assert found["gatehouse_drift_window_rows",] == 700
    assert found["gatehouse_drift_alarmed_features",] == 2
    assert [found["gatehouse_drift_verdict", decision] for decision in Decision] == [0, 0, 1, 0]
    assert list((tmp_path / "state").iterdir()) == [path]


def test_never_judged_is_long_ago(tmp_path: Path) -> None:
    """Where no window had enough rows yet, the last one is as old as can be, and not absent."""
    found = read(drift_metrics.write(tmp_path, NOON, Decision.HOLD, 7, 0))
    assert found["gatehouse_drift_last_judged_timestamp_seconds",] == 0


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: apt-get install prometheus")
def test_promtool_finds_no_fault(tmp_path: Path) -> None:
    """Names, units and help texts are as Prometheus' own checker asks."""
    text = drift_metrics.write(tmp_path, NOON, Decision.HOLD, 7, 0).read_bytes()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
