"""What stable's traffic looks like while it serves alone, window by window: how its errors come in bursts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gatehouse.canary import bursts
from gatehouse.canary.counters import Counters

# Windows that are remembered. More of them tell hardly more, and all of them are in the state.
KEPT = 2 * bursts.FEWEST_WINDOWS


@dataclass(frozen=True)
class Watched:
    """The last windows of the stable version whose bundle has this digest, and where the next window begins."""

    bundle: str = ""
    at: float = 0.0
    last: Counters = field(default_factory=Counters)
    windows: tuple[Counters, ...] = ()


def watched(seen: Watched, bundle: str, counted: Counters, now: float, seconds: float) -> Watched:
    """Return what is known after another look at stable's counters, in windows of at least `seconds`.

    Another version begins anew. Where the router was started anew, or nobody looked for two windows, only the next
    window begins here.
    """
    counted = replace(counted, predictions={})
    if bundle != seen.bundle:
        return Watched(bundle, now, counted)
    age = now - seen.at
    if 0 <= age < seconds:
        return seen
    if not 0 <= age < 2 * seconds or counted.restarted(seen.last):
        return replace(seen, at=now, last=counted)
    return Watched(bundle, now, counted, (*seen.windows, counted.since(seen.last))[-KEPT:])


def enough(windows: Sequence[Counters]) -> bool:
    """Tell whether there are windows enough to see bursts."""
    return len(windows) >= bursts.FEWEST_WINDOWS
