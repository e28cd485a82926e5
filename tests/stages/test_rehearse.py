"""The rehearsal: what goes wrong ends it, in a report and without a process left behind. `.ci/run` plays it whole."""

from dataclasses import replace

from gatehouse.config import Rehearsal, Window
from gatehouse.gates import data
from gatehouse.stages import rehearse
from gatehouse.verdicts import Decision


def test_settings_stay_apart(own, tmp_path):
    """A rehearsal keeps everything in its own folder, and takes any free port."""
    settings = rehearse.rehearsed(own.config, tmp_path)
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
