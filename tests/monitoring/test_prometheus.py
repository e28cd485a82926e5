"""A real Prometheus reads a real server: every query of the dashboard gives data, and no alert is raised."""

import re
from typing import Any

import pytest
from monitoring.watching import ALERTS, PANELS, Prometheus, until

QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
    for panel in PANELS
    for target in panel["targets"]
}
METRIC = re.compile(r"\b(?:gatehouse|process)_\w+|\bup\b")


def values(series: list[Any]) -> list[float]:
    """Return the numbers of an answer."""
    return [float(item["value"][1]) for item in series]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_dashboard_query_gives_data(prometheus: Prometheus, query: str) -> None:
    """Each panel shows something, and no number of it is NaN."""
    found = values(prometheus.query(query))
    assert found
    assert [value for value in found if value != value] == []


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_is_evaluated(prometheus: Prometheus, alert: str) -> None:
    """Prometheus evaluates each rule without an error, is not alarmed by a server that is well, and has its metrics."""

    def rule() -> Any:
        groups = prometheus.ask("rules")["groups"]
        found = next(rule for group in groups for rule in group["rules"] if rule["name"] == alert)
        # It was pending while nothing was up yet.
        return (found["health"], found["state"]) == ("ok", "inactive") and found

    seen = until(rule, f"an evaluation of {alert} without alarm")
    assert prometheus.query(seen["query"]) == []
    for name in METRIC.findall(seen["query"]):
        assert prometheus.query(f'count({{__name__="{name}"}})'), name


def test_counts_what_was_sent(prometheus: Prometheus) -> None:
    """What Prometheus holds is what the server was asked: rows, classes, refusals and unseen categories."""
    counts = (
        'gatehouse_http_requests_total{route="/predict",status="200"}',
        'gatehouse_http_requests_total{route="/predict",status="422"}',
        'gatehouse_unseen_categories_total{column="size"}',
    )
    good, bad, unseen = (values(prometheus.query(name))[0] for name in counts)
    assert good > 1
    assert unseen == good
    assert abs(good - bad) <= 1
    assert values(
        prometheus.query(
            "gatehouse_predictions_total == on (instance) sum by (instance) (gatehouse_predicted_classes_total)"
        )
    )
    assert values(prometheus.query('gatehouse_drift_verdict{decision="hold"}')) == [1.0]
