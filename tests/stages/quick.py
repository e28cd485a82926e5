"""Settings with which a real rollout takes seconds, on a machine that does other things at once."""

from pathlib import Path
from typing import Any

from gatehouse import config as settings
from gatehouse.config import Config

SECTIONS: dict[str, dict[str, Any]] = {
    "steps": {"steps": [20, 50, 100], "bake_seconds": 0.3, "step_budget_seconds": 60.0},
    "canary": {"minimum_requests": 15},
    # Such a machine answers late now and then, and must not refuse requests for that.
    "comparison": {"harmless_rate": 0.3, "same_late": 10.0, "bursts": 1.0},
    "serving": {"maximum_lag_ms": 5000.0},
    "lease": {"seconds": 1.0},
    "rollout": {"poll_seconds": 0.1, "drain_seconds": 2.0, "start_seconds": 90.0},
}


def quick(state: Path, **sections: dict[str, Any]) -> Config:
    """Return the settings, with some of a test's own in their sections."""
    merged = {name: {**SECTIONS.get(name, {}), **sections.get(name, {})} for name in {**SECTIONS, **sections}}
    return settings.parse({"store": {"state": str(state)}, **merged})
