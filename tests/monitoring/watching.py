"""What is in deploy/monitoring, and how a Prometheus is asked."""

import json
import shutil
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def need(*programs: str) -> None:
    """Skip where a program is not installed."""
    absent = [name for name in programs if not shutil.which(name)]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)} (Debian: apt-get install prometheus prometheus-node-exporter)")


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something, and return it."""
    end = time.monotonic() + 180
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen in three minutes"
        time.sleep(0.1)
    return found


def get(url: str, body: Any = None) -> bytes:
    """Return what an address answers, or nothing where nobody listens yet."""
    sent = urllib.request.Request(url, body and json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(sent, timeout=20) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


@dataclass
class Prometheus:
    """A running Prometheus, and the server that it watches."""

    url: str
    server: str
    kill_server: Callable[[], None]

    def ask(self, path: str, **values: str) -> Any:
        """Return the data of one answer of its API. Fails on a query that is none."""
        answer = json.loads(get(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(values)}") or "{}")
        assert answer.get("status") == "success", f"{path} {values}: {answer}"
        return answer["data"]

    def rule(self, alert: str) -> Any:
        """Return what Prometheus says of one alert's rule."""
        rules = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
        return next(rule for rule in rules if rule["name"] == alert)

    def query(self, expression: str) -> list[Any]:
        """Return the series of a query, of which there may be none."""
        return list(self.ask("query", query=expression)["result"])
