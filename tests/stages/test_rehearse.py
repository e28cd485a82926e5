"""The rehearsal: what goes wrong ends it, in a report and without a process left behind. `.ci/run` plays it whole."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from gatehouse.canary.strategy import Strategy
from gatehouse.config import Rehearsal, Window
from gatehouse.gates import data
from gatehouse.stages import rehearse
from gatehouse.verdicts import Decision

TESTS = Path(__file__).parents[1]
SETTINGS = """
[workload]
package = "workloads.sklearn_binary"
[gate]
metric = "log_loss"
delta = 0.1
floor = 0.5
[validate]
minimum_rows = 100
[rehearsal]
drifted = { since = 400 }
"""


def test_settings_stay_apart(own, tmp_path):
    """A rehearsal keeps everything in its own folder, takes any free port, and rolls out by canary."""
    config = replace(own.config, rollout=replace(own.config.rollout, strategy=(Strategy.SHADOW,)))
    settings = rehearse.rehearsed(config, tmp_path)
    assert settings.rollout.strategy == (Strategy.CANARY,)
    assert settings.store.state == str(tmp_path / "state")
    assert (settings.rollout.port, settings.rollout.target, settings.registry.kind) == (0, "local", "mlflow")


def test_surprise_is_reported(own, tmp_path):
    """A first model that misses its floor ends the rehearsal with an error, and the report shows it."""
    windows = Rehearsal(first=Window(), calm=Window(), drifted=Window(since=400))
    gate = replace(own.config.gate, floor=1e-6)
    config = replace(own.config, rehearsal=windows, gate=gate, validate=data.Knobs(minimum_rows=100))
    verdict = rehearse.run(config, own.found, tmp_path / "scratch", tmp_path / "report.html")
    assert verdict.decision == Decision.ERROR
    assert "gate the first model" in (tmp_path / "report.html").read_text()


def test_interrupt_stops_everything(tmp_path):
    """Ctrl-C in the middle of a rehearsal ends it with 130, and no server or router stays behind."""
    (tmp_path / "gatehouse.toml").write_text(SETTINGS)
    folder = tmp_path / "rehearsal"
    command = [sys.executable, "-P", "scripts/rehearse.py", "--config", str(tmp_path / "gatehouse.toml")]
    command += ["--folder", str(folder), "--out", str(tmp_path / "verdict.json")]
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    started = subprocess.Popen(command, cwd=TESTS.parent, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert any("serve the first model" in line for line in started.stdout)
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 130
    finally:
        started.kill()
        started.stdout.close()
    left = [command for command in commands() if str(folder) in command]
    assert left == []


def commands():
    """Return the command lines of all processes."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()
