"""A rollout's course, look by look, for the report."""

from dataclasses import dataclass, field
from typing import Any

from gatehouse.canary import sequential
from gatehouse.canary.actions import TRIED
from gatehouse.canary.counters import Counters
from gatehouse.canary.state import State


@dataclass
class Timeline:
    """Points with `t` (seconds since the rollout began), `phase` and `weight`, and what is known of the canary.

    `error_rate` and `p95_ms` are of the step so far, which is what is judged; `requests` and `errors` of all looks.
    `odds_worse` are the greatest odds, over all metrics, that the canary is worse than stable.
    """

    points: list[dict[str, Any]] = field(default_factory=list)
    seen: Counters = field(default_factory=Counters)
    requests: int = 0
    errors: int = 0

    def add(self, state: State, now: float) -> dict[str, Any]:
        """Add a point and return it."""
        # Before it was tried, the slot's counters were those of the version that stood there before.
        first = not self.points or self.points[-1]["phase"] not in TRIED
        before = state.baseline if first else self.seen
        if not state.seen.restarted(before):
            self.requests += state.seen.since(before).requests
            self.errors += state.seen.since(before).errors
        self.seen = state.seen
        step = state.seen.since(state.baseline)
        odds = [sequential.odds(metric.worse) for metric in state.compared.evidence.values()]
        point = {
            "t": round(now - (state.history[0].at if state.history else now), 3),
            "phase": str(state.phase),
            "weight": state.weight,
            "requests": self.requests,
            "errors": self.errors,
            "error_rate": step.errors / step.requests if step.requests else None,
            "p95_ms": step.quantile(0.95),
            "odds_worse": max(odds, default=None),
        }
        self.points.append(point)
        return point
