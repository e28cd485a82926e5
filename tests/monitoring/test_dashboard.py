"""The dashboard's file: Grafana lays panels on a grid of 24 columns, and finds each by its number."""

import itertools

import pytest
import yaml
from monitoring.watching import ALERTS, DASHBOARD, FOLDER, PANELS


def test_panels_do_not_overlap() -> None:
    """Every panel has a place and a number of its own."""
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x, y in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_says_what_it_shows(panel: dict[str, object]) -> None:
    """Every panel asks the source that the reader chose, and says in a sentence what is seen."""
    assert panel["description"]
    assert panel["targets"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("alert", ALERTS)
def test_alarms_can_be_looked_into(alert: str) -> None:
    """What an alert is about is on the dashboard, so that whoever is woken sees more than one number."""
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for name in ("up", "_http_requests_total", "_duration_seconds", "_fallbacks_", "_log_dropped_", "_drift_last_run_"):
        assert name not in ALERTS[alert]["expr"] or name in shown


def test_compose_mounts_what_is_there() -> None:
    """Every file that the composition mounts exists, and every image has a version."""
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    for service in services.values():
        assert ":" in service["image"]
        sources = [volume.split(":")[0] for volume in service["volumes"] if volume.startswith("./")]
        assert all((FOLDER / source).exists() for source in sources)
