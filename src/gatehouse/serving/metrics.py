"""What a server counts, in Prometheus' form."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

# Edges around the budget: a quantile cannot be read more finely than its bucket. 0.2 s is the default ceiling on p95.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self, version: str, bundle: str) -> None:
        # When each series began would double the text, and nothing reads it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "gatehouse_http_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "gatehouse_http_request_duration_seconds", "Time from a request to its answer.", ["route"],
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.in_flight = Gauge("gatehouse_http_requests_in_flight", "Requests being answered.", registry=self.registry)
        self.predictions = Counter("gatehouse_predictions", "Rows predicted.", registry=self.registry)
        self.model_errors = Counter(
            "gatehouse_model_errors", "Requests on which the model failed or gave NaN.", registry=self.registry
        )
        self.unseen = Counter(
            "gatehouse_unseen_categories", "Values that the schema does not list.", ["column"], registry=self.registry
        )
        self.dropped = Counter(
            "gatehouse_log_dropped", "Predictions that the prediction log lost.", registry=self.registry
        )
        Info("gatehouse_model", "The model that answers.", registry=self.registry).info(
            {"version": version, "bundle": bundle}
        )

    def text(self) -> bytes:
        """Return all counters as Prometheus reads them."""
        return generate_latest(self.registry)
