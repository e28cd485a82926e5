"""Waiting for what another program is about to do."""

import time
from collections.abc import Callable

from gatehouse.errors import TargetError

# Short enough that a change of weights is not slowed down by looking for it.
PAUSE_SECONDS = 0.02


def until(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Return once `condition` holds. Raises TargetError with `failure` when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TargetError(f"{failure} within {seconds:g} s.")
        time.sleep(PAUSE_SECONDS)
