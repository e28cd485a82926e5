"""The rollout as a pure machine: (state, counters, now) -> (state, actions)."""

from typing import Annotated

from pydantic import Field

from gatehouse.knobs import Percent, Positive, knobs


@knobs
class Knobs:
    """The canary's weights in percent, the least and the most time that a step takes, in seconds."""

    steps: Annotated[tuple[Percent, ...], Field(min_length=1)] = (5, 10, 25, 50, 100)
    bake_seconds: Positive = 300.0
    step_budget_seconds: Positive = 3600.0
