"""The alert rules: Prometheus' own checker takes them, each is proven to fire, and they say what the settings say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from monitoring.watching import ALERTS, FOLDER, need

from gatehouse import config
from gatehouse.serving import metrics

SETTINGS = config.load(FOLDER.parents[1] / "gatehouse.toml", {})
CASES = yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]


def promtool(*arguments: str, folder: Path = FOLDER) -> str:
    """Return what promtool says; it fails where that is anything bad."""
    need("promtool")
    done = subprocess.run(["promtool", *arguments], cwd=folder, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_configuration_is_sound() -> None:
    """Prometheus takes the configuration, finds the rules by it, and has nothing to say against either."""
    assert f"{len(ALERTS)} rules found" in promtool("check", "config", "--lint-fatal", "prometheus.yml")
    promtool("check", "rules", "--lint-fatal", "alerts.yml")


def test_alerts_fire_and_are_silent() -> None:
    """Each alert fires where it must, and is silent where it must be, by Prometheus' own reckoning."""
    promtool("test", "rules", "alerts.test.yml")


def test_weaker_rule_is_noticed(tmp_path: Path) -> None:
    """The tests of the rules are no decoration: a ceiling that was raised fails them."""
    shutil.copy(FOLDER / "alerts.test.yml", tmp_path)
    weaker = (FOLDER / "alerts.yml").read_text().replace("> 0.05", "> 0.5")
    (tmp_path / "alerts.yml").write_text(weaker)
    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", "alerts.test.yml", folder=tmp_path)


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_is_proven(alert: str) -> None:
    """Each alert is tried where it fires and where it does not, and says how urgent it is and what to do."""
    tried = [
        bool(test["exp_alerts"]) for case in CASES for test in case["alert_rule_test"] if test["alertname"] == alert
    ]
    assert set(tried) == {True, False}
    assert ALERTS[alert]["labels"]["severity"] in ("page", "ticket")
    assert ALERTS[alert]["annotations"].keys() == {"summary", "description"}


def limit(alert: str) -> float:
    """Return the number that an alert's expression is held against."""
    return float(re.split(r"[<>]", ALERTS[alert]["expr"])[1])


def test_ceilings_are_the_canary_s() -> None:
    """What alarms in production is what takes a canary back, and a quantile can be read at each ceiling."""
    assert limit("GatehouseErrors") == SETTINGS.canary.error_rate
    assert limit("GatehouseSlowP95") * 1000 == SETTINGS.canary.latency_p95_ms
    assert {limit("GatehouseSlowP95"), limit("GatehouseSlowP99")} <= set(metrics.BUCKETS)
