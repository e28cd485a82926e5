"""What a server counts, in Prometheus' form.

What is counted in every request are plain numbers, which the event loop alone may change. What happens seldom, or on
another thread, is a counter of the library.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry, Counter, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gatehouse.bundle import Bundle
from gatehouse.predictions import Predictions
from gatehouse.serving.answers import PREDICT
from gatehouse.serving.distribution import Distribution

# Edges around the budget: a quantile cannot be read more finely than its bucket. 0.2 s is the default ceiling on p95.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
# Finest at the ends, where a model is sure.
PROBABILITIES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
CONFIDENCES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
DECADES = (-1e6, -1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4, 1e6)
# A series that begins with its first error has no rate there: what may be alarmed on begins at 0.
STATUSES = (200, 203, 400, 413, 415, 422, 500, 503, 504)


class Metrics(Collector):
    """The counters of one server, in a registry of their own."""

    def __init__(self, bundle: Bundle) -> None:
        # When each series began would double the text, and nothing reads it.
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.in_flight = self.predictions = self.shed = 0
        # Refused at the connection, and not yet among the requests: a busy server counts them by one addition each.
        self.refused = 0
        self._task, self._positive = bundle.contract.task, bundle.contract.positive
        self._requests = Tally({(PREDICT, status): 0 for status in STATUSES})
        self._seconds = {PREDICT: Distribution(BUCKETS)}
        self._classes: Tally[str] = Tally()
        self._confidence = Distribution(CONFIDENCES)
        self._value = Distribution(value_edges(bundle))
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self.model_errors = self._counter("model_errors", "Requests on which the model failed or gave NaN.")
        self.fallbacks = self._counter("fallbacks", "Rows answered by the fallback in place of the model.")
        self.cached = self._counter("cache_hits", "Rows answered from the prediction cache.")
        self.logged = self._counter("log_records", "Predictions that the prediction log wrote.")
        self.dropped = self._counter("log_dropped", "Predictions that the prediction log lost.")
        self.unseen = self._counter("unseen_categories", "Values that the schema does not list.", ["column"])
        for column in bundle.contract.features:
            if column.categories is not None:
                self.unseen.labels(column.name)
        info = Info("gatehouse_model", "The model that answers.", registry=self.registry)
        info.info({"version": bundle.version, "bundle": bundle.digest})

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered, and the seconds that it took."""
        self._requests[route, status] += 1
        if route not in self._seconds:
            self._seconds[route] = Distribution(BUCKETS)
        self._seconds[route].observe(seconds)

    def predicted(self, answers: Predictions, *, tester: bool = False) -> None:
        """Count the rows that were predicted; users' also by class, by how sure the model was, and by what it said."""
        self.predictions += len(answers)
        if tester:
            return
        values = answers.values.tolist()
        if not answers.classes:
            for value in values:
                self._value.observe(value)
            return
        for value in values:
            self._classes[value] += 1
        place = answers.classes.index(self._positive) if self._positive in answers.classes else None
        for row in answers.scores.tolist():
            self._confidence.observe(max(row))
            if place is not None:
                self._value.observe(row[place])

    def collect(self) -> Iterator[Metric]:
        """Give the numbers that every request changes, for the registry."""
        refused, self.refused = self.refused, 0
        self.shed += refused
        self._requests[PREDICT, 503] += refused
        self._seconds[PREDICT].observe(0.0, refused)
        requests = CounterMetricFamily("gatehouse_http_requests", "Requests answered.", labels=["route", "status"])
        for (route, status), count in self._requests.items():
            requests.add_metric([route, str(status)], count)
        yield requests
        seconds = HistogramMetricFamily(
            "gatehouse_http_request_duration_seconds", "Time from a request to its answer.", labels=["route"]
        )
        for route, found in self._seconds.items():
            seconds.add_metric([route], found.buckets(), found.total)
        yield seconds
        yield GaugeMetricFamily("gatehouse_http_requests_in_flight", "Requests being answered.", self.in_flight)
        yield CounterMetricFamily(
            "gatehouse_http_requests_shed", "Requests refused because too many were under way.", self.shed
        )
        yield CounterMetricFamily("gatehouse_predictions", "Rows predicted.", self.predictions)
        if self._task != "regression":
            classes = CounterMetricFamily("gatehouse_predicted_classes", "Rows predicted, by class.", labels=["class"])
            for name, count in self._classes.items():
                classes.add_metric([name], count)
            yield classes
            said = "Highest class probability of each row."
            yield _histogram("gatehouse_prediction_confidence", said, self._confidence)
        if self._task != "multiclass":
            said = "What each row was given: the positive class's probability, or the number predicted."
            yield _histogram("gatehouse_prediction_value", said, self._value)

    def text(self) -> bytes:
        """Return all counters as Prometheus reads them."""
        return prometheus.generate_latest(self.registry)

    def _counter(self, name: str, said: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"gatehouse_{name}", said, labels, registry=self.registry)


def value_edges(bundle: Bundle) -> Sequence[float]:
    """Return the edges of the histogram of what is predicted: for a regression, the tenths of the reference's values.

    Without a profile they are decades.
    """
    if bundle.contract.task != "regression":
        return PROBABILITIES
    outputs = bundle.profile.get("outputs", {}).values()
    # The grid of the profile is at even ranks, so its tenths are those of the reference.
    grid = next((found["values"] for found in outputs if found["kind"] == "numbers"), DECADES)
    return sorted({float(grid[round(tenth * (len(grid) - 1) / 10)]) for tenth in range(11)})


def _histogram(name: str, said: str, found: Distribution) -> Metric:
    return HistogramMetricFamily(name, said, buckets=found.buckets(), sum_value=found.total)
