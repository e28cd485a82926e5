"""A real Prometheus reads a real server: every query of the dashboard gives data, and no alert is raised."""

import re
from typing import Any

from monitoring.watching import ALERTS, PANELS, Prometheus, get, until

QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
    for panel in PANELS
    for target in panel["targets"]
}
METRIC = re.compile(r"\b(?:gatehouse|process)_\w+|\bup\b")


def values(series: list[Any]) -> list[float]:
    """Return the numbers of an answer."""
    return [float(item["value"][1]) for item in series]


def test_dashboard_shows_data(prometheus: Prometheus) -> None:
    """Every query of every panel gives data, and no number of it is NaN."""
    shown = {title: values(prometheus.query(query)) for title, query in QUERIES.items()}
    assert [title for title, found in shown.items() if not found] == []
    assert [title for title, found in shown.items() if any(value != value for value in found)] == []


def test_healthy_server_alarms_nobody(prometheus: Prometheus) -> None:
    """Prometheus evaluates each rule without an error, has every metric that it names, and is not alarmed."""

    def calm(alert: str) -> bool:
        rule = prometheus.rule(alert)
        return (rule["health"], rule["state"]) == ("ok", "inactive") and prometheus.query(rule["query"]) == []

    for alert, rule in ALERTS.items():
        # While nothing was up yet, some were pending.
        until(lambda alert=alert: calm(alert), f"{alert} being evaluated, and silent")
        absent = [name for name in METRIC.findall(rule["expr"]) if not prometheus.query(f'{{__name__="{name}"}}')]
        assert absent == []


def test_faults_raise_alarms(alarmed: Prometheus) -> None:
    """A server that fails, a drift check that has stopped, and then a server that is gone are each alarmed on."""

    def raised(alert: str) -> bool:
        get(f"{alarmed.server}/predict", {"x": 1})
        return alarmed.rule(alert)["state"] in ("pending", "firing")

    until(lambda: raised("GatehouseErrors"), "an alarm on errors")
    until(lambda: raised("GatehouseDriftStale"), "an alarm on drift")
    alarmed.kill_server()
    until(lambda: raised("GatehouseDown"), "an alarm on a server that is gone")
    assert alarmed.rule("GatehouseSlowP99")["state"] == "inactive"


def test_counts_what_was_sent(prometheus: Prometheus) -> None:
    """What Prometheus holds is what the server was asked: for each good request two rows, and one unseen category."""
    ratios = {
        'gatehouse_http_requests_total{route="/predict",status="200"}': 1,
        'gatehouse_http_requests_total{route="/predict",status="422"}': 1,
        "gatehouse_predictions_total": 2,
        "sum(gatehouse_predicted_classes_total)": 2,
        'gatehouse_unseen_categories_total{column="size"}': 1,
        "gatehouse_prediction_confidence_count": 2,
    }

    def seen() -> list[float]:
        return [values(prometheus.query(query))[0] / ratio for query, ratio in ratios.items()]

    # The last requests may be on their way.
    until(lambda: min(seen()) == max(seen()) > 1, "every count being the same")
    assert values(prometheus.query('gatehouse_drift_verdict{decision="hold"}')) == [1.0]
