"""What a router has counted of one slot, and what lies between two looks at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Annotated, Literal

from pydantic import AfterValidator

from gatehouse.errors import ConfigError

# Two places that never change their names; what changes is which of them is the stable one.
Slot = Literal["blue", "green"]
SLOTS: tuple[Slot, Slot] = ("blue", "green")

# What servers say of their predictions: how many rows of each class, and how many up to each edge of the positive
# class's probability, or of the number predicted. Bins are named by the class or by their upper edge.
CLASS, VALUE = "predicted class", "predicted value"
Predicted = Mapping[str, Mapping[str, int]]

# The upper edges, in milliseconds, of the buckets in which every router counts latency.
EDGES_MS = (5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 750.0, 1000.0)


def edge(value: float) -> float:
    """Return `value` when a latency bucket ends there. Raises ValueError naming the edges."""
    if value not in EDGES_MS:
        raise ValueError(f"the router counts latency in buckets: use one of {', '.join(f'{e:g}' for e in EDGES_MS)}")
    return value


# A limit of latency in the settings, in milliseconds.
Edge = Annotated[float, AfterValidator(edge)]


@dataclass(frozen=True)
class Counters:
    """Requests, errors (answers of 5xx), requests whose client gave up or was refused (4xx), and latency buckets.

    All since the router started. `latency` maps a bucket's upper edge in milliseconds to the number of requests that
    took no longer, as Prometheus counts. `predictions` are rows by output and bin, since the slot's server started;
    empty when the server does not say.
    """

    requests: int = 0
    errors: int = 0
    abandoned: int = 0
    latency: Mapping[float, int] = field(default_factory=dict)
    refused: int = 0
    predictions: Predicted = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Requests that got what they asked for."""
        return self.requests - self.errors - self.abandoned - self.refused

    def plus(self, other: "Counters") -> "Counters":
        """Return what was counted in two places together."""
        edges = self.latency.keys() | other.latency.keys()
        return Counters(
            self.requests + other.requests,
            self.errors + other.errors,
            self.abandoned + other.abandoned,
            {edge: self.latency.get(edge, 0) + other.latency.get(edge, 0) for edge in sorted(edges)},
            self.refused + other.refused,
            added(self.predictions, other.predictions),
        )

    def since(self, earlier: "Counters") -> "Counters":
        """Return what was counted after `earlier`."""
        return Counters(
            self.requests - earlier.requests,
            self.errors - earlier.errors,
            self.abandoned - earlier.abandoned,
            {edge: count - earlier.latency.get(edge, 0) for edge, count in self.latency.items()},
            self.refused - earlier.refused,
            {
                name: {key: counts.get(key, 0) - before.get(key, 0) for key in {**before, **counts}}
                for name, counts in self.predictions.items()
                # What could not be read then is not known to have been 0.
                if (before := earlier.predictions.get(name)) is not None
            },
        )

    def restarted(self, earlier: "Counters") -> bool:
        """Tell whether one of the router's counters went down since `earlier`: it began to count anew."""
        later = self.since(earlier)
        lost = any(edge not in self.latency for edge in earlier.latency)
        return lost or min(later.requests, later.errors, later.abandoned, later.refused, *later.latency.values()) < 0

    def slower_than(self, edge: float) -> int:
        """Return how many requests took longer than `edge` milliseconds.

        Raises ConfigError when no bucket ends there: counts cannot be told apart inside a bucket.
        """
        if self.requests and edge not in self.latency:
            edges = ", ".join(f"{known:g}" for known in sorted(self.latency))
            raise ConfigError(
                f"{edge:g} ms is no edge of the router's buckets: for [canary] latency_p95_ms and [comparison] "
                f"late_floor_ms use {edges}."
            )
        return max(0, self.requests - self.latency.get(edge, self.requests))

    def quantile(self, share: float) -> float | None:
        """Return a latency in milliseconds, interpolated inside its bucket; None without requests.

        What is slower than the last edge counts as that edge.
        """
        edge, below = 0.0, 0
        for upper, count in sorted(self.latency.items()):
            if self.requests and count >= share * self.requests:
                return edge + (upper - edge) * (share * self.requests - below) / max(count - below, 1)
            edge, below = upper, count
        return edge if self.requests and self.latency else None


def total(counted: Iterable[Counters]) -> Counters:
    """Return what was counted in several places, or windows, together."""
    return reduce(Counters.plus, counted, Counters())


def fell(window: Predicted) -> bool:
    """Tell whether a count of predictions went down between two looks: its server was started anew."""
    return any(count < 0 for counts in window.values() for count in counts.values())


def added(some: Predicted, others: Predicted) -> dict[str, dict[str, int]]:
    """Return the rows of both together, by output and bin."""
    found: dict[str, dict[str, int]] = {}
    for name in sorted(some.keys() | others.keys()):
        mine, theirs = some.get(name, {}), others.get(name, {})
        found[name] = {key: mine.get(key, 0) + theirs.get(key, 0) for key in {**mine, **theirs}}
    return found
