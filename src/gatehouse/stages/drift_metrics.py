"""What a monitor is told of the drift check: a file in Prometheus' form, because the check ends before it is asked.

A node exporter beside it shows the file (`--collector.textfile.directory`), or it is sent to a Pushgateway. It is
written only after a verdict, so a check that fails, or does not run, is told by the age of the last one.
"""

from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from gatehouse.verdicts import Decision

FILE = "drift.prom"


def write(
    state: Path, now: datetime, decision: Decision, rows: int, alarmed: int, judged_until: datetime | None = None
) -> Path:
    """Write the file into the state folder, whole or not at all, and return its path.

    `rows` are those of the window. `alarmed` is the number of features that moved in the newest window that had enough
    rows, and `judged_until` that window's end; None, where there was none, is told as 0, which is 1970.
    """
    registry = CollectorRegistry()

    def gauge(name: str, said: str, value: float) -> None:
        Gauge(f"gatehouse_drift_{name}", said, registry=registry).set(value)

    gauge("last_run_timestamp_seconds", "When the drift check last ended in a verdict.", now.timestamp())
    judged = judged_until.timestamp() if judged_until else 0.0
    gauge("last_judged_timestamp_seconds", "End of the newest window that had enough rows.", judged)
    gauge("window_rows", "Predictions of the champion in the last window.", rows)
    gauge("alarmed_features", "Features that moved in the last window that had enough rows.", alarmed)
    said = Gauge("gatehouse_drift_verdict", "1 for the verdict of the last check.", ["decision"], registry=registry)
    for known in Decision:
        said.labels(known.value).set(known == decision)
    state.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(state / FILE), registry)
    return state / FILE
