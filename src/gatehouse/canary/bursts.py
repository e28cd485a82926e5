"""Errors come in bursts, and then a count says less than as many independent events would."""

from collections.abc import Sequence

import numpy as np

from gatehouse.canary.sequential import Window
from gatehouse.errors import EvidenceError

# Fewer windows cannot tell a burst from chance.
FEWEST_WINDOWS = 60
# A stable version that is burstier than this cannot be compared with by counts.
CAP = 10.0


def dispersion(counts: Sequence[int]) -> float:
    """Return by how much counts of windows of stable traffic vary more than a Poisson's: 1 to CAP.

    φ = Σ(x_t - x_{t-1})² / (2(T-1)·x̄): successive differences, so that a daily drift is not taken for bursts
    (von Neumann 1941). Raises EvidenceError for fewer than FEWEST_WINDOWS counts.
    """
    found = np.asarray(counts, dtype=float)
    if len(found) < FEWEST_WINDOWS:
        raise EvidenceError(f"{len(found)} windows of stable traffic cannot show bursts: {FEWEST_WINDOWS} are needed.")
    mean = float(found.mean())
    if mean == 0:
        return 1.0
    spread = float(np.square(np.diff(found)).sum()) / (2 * (len(found) - 1) * mean)
    return min(CAP, max(1.0, spread))


def thinned(counted: Window, earlier: Window, factor: float) -> Window:
    """Return the window between two running totals, all counts divided by a dispersion.

    What a division leaves over is carried to the next window, so that no count is lost to rounding.
    """

    def between(now: int, before: int) -> int:
        return int(now / factor) - int(before / factor)

    def divided(requests: int, events: int, requests_before: int, events_before: int) -> tuple[int, int]:
        # Events and the rest apart: so there are never more events than requests.
        found = between(events, events_before)
        return found + between(requests - events, requests_before - events_before), found

    ours = (counted.canary_requests, counted.canary_events, earlier.canary_requests, earlier.canary_events)
    theirs = (counted.stable_requests, counted.stable_events, earlier.stable_requests, earlier.stable_events)
    return Window(*divided(*ours), *divided(*theirs))
