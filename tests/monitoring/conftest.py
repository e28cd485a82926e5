"""A real Prometheus that watches a real server by what is in deploy/monitoring."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
import yaml
from monitoring.watching import FOLDER, Prometheus, get, need, until
from sklearn.linear_model import LinearRegression

from gatehouse.bundle import Bundle
from gatehouse.contract import Column, Contract
from gatehouse.stages import drift_metrics
from gatehouse.targets import ports
from gatehouse.verdicts import Decision

PROGRAMS = ("prometheus", "promtool", "prometheus-node-exporter")


@pytest.fixture(scope="session")
def prometheus(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus with the project's own rules, which has seen a server under traffic and a drift check."""
    with watched(tmp_path_factory.mktemp("monitoring"), bundle, datetime.now(UTC)) as found:
        until(lambda: traffic(found), "a rate of what was predicted")
        yield found


@pytest.fixture
def alarmed(tmp_path: Path) -> Iterator[Prometheus]:
    """Return a Prometheus that watches a server whose model gives NaN; drift was last checked three days ago."""
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 1.0])
    model.coef_ = np.array([np.nan])
    contract = Contract((Column("x", "number"), Column("y", "number", "target")), "regression")
    broken = tumours.write(tmp_path / "bundle", model, contract=contract)
    with watched(tmp_path, broken, datetime.now(UTC) - timedelta(days=3)) as found:
        yield found


@contextmanager
def watched(folder: Path, bundle: Bundle, checked: datetime) -> Iterator[Prometheus]:
    """Give a Prometheus that is ready, with the program that it watches; all of it ends with the block."""
    need(*PROGRAMS)
    at, exporter, port = (f"127.0.0.1:{ports.free()}" for _ in range(3))
    drift_metrics.write(folder / "state", checked, Decision.HOLD, 700, 1, checked)
    shutil.copy(FOLDER / "alerts.yml", folder)
    (folder / "prometheus.yml").write_text(json.dumps(settings({"gatehouse": at, "drift": exporter})))
    with ExitStack() as stack:
        processes = []
        for command in commands(folder, bundle.path, at, exporter, port):
            output = stack.enter_context((folder / "output").open("ab"))
            environment = {name: text for name, text in os.environ.items() if not name.startswith("GATEHOUSE_")}
            processes.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
            stack.enter_context(processes[-1])
            stack.callback(processes[-1].kill)
        found = Prometheus(f"http://{port}", f"http://{at}", processes[0].kill)
        until(lambda: get(f"{found.server}/readyz") and get(f"{found.url}/-/ready"), "getting ready")
        yield found


def settings(addresses: dict[str, str]) -> dict[str, Any]:
    """Return the project's own settings, with other addresses, and no minutes between two looks."""
    own: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    # A scrape may take as long as its interval, and a busy machine takes long.
    own["global"] = {"scrape_interval": "3s", "evaluation_interval": "1s"}
    for job in own["scrape_configs"]:
        for way in ("file_sd_configs", "static_configs"):
            job.pop(way, None)
        job["static_configs"] = [{"targets": [addresses.pop(job["job_name"])]}]
    assert not addresses
    return own


def commands(folder: Path, bundle: Path, at: str, exporter: str, port: str) -> list[list[str]]:
    """Return what is started: a server, what shows the drift check's numbers, and Prometheus."""
    textfile = (
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={folder}/state",
    )
    logged = ("--log", str(folder / "log"), "--port", at.rpartition(":")[2])
    return [
        [sys.executable, "-m", "gatehouse.serving", "--bundle", str(bundle), *logged],
        ["prometheus-node-exporter", *textfile, f"--web.listen-address={exporter}"],
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address={port}"],
    ]  # fmt: skip


def traffic(found: Prometheus) -> bool:
    """Send what a server is asked, good and bad, and say whether Prometheus has seen it grow."""
    get(f"{found.server}/predict", {"rows": [tumours.ROW, {**tumours.ROW, "size": "huge", "mean radius": 30}]})
    get(f"{found.server}/predict", {"rows": []})
    rate = 'rate(gatehouse_predicted_classes_total{class="yes"}[5m]) > 0 and on () up{job="drift"} == 1'
    return bool(found.query(rate) and found.query("gatehouse_drift_window_rows"))
