"""What a router has counted of one slot since it started."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counters:
    """Requests, errors (answers of 5xx), and answers per latency bucket, all since the router started.

    `latency` maps a bucket's upper edge in milliseconds to the number of answers up to it, as Prometheus counts.
    """

    requests: int = 0
    errors: int = 0
    latency: Mapping[float, int] = field(default_factory=dict)
