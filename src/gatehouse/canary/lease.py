"""Who may act on a rollout, pure: one program at a time, and never one that was thought dead.

A lease ends by itself, so a program that is killed keeps nobody out for long. Each time that it goes to another holder
its number rises: what the former holder, awake again, wants to save then is refused (Kleppmann 2016 calls the number a
fencing token).
"""

from dataclasses import dataclass
from typing import Annotated

from gatehouse.knobs import Duration, Looser, Positive, knobs


@knobs
class Knobs:
    """How long a program may act without saying that it is alive, and how long a canary may go unwatched."""

    seconds: Positive = 90.0
    unwatched_seconds: Annotated[Duration, Looser("higher")] = 300.0


@dataclass(frozen=True)
class Lease:
    """Who may act until when, in seconds since the epoch, and how many holders there were."""

    holder: str = ""
    number: int = 0
    until: float = 0.0


def taken(lease: Lease, holder: str, now: float, seconds: float) -> Lease | None:
    """Return the lease that `holder` has from now on, or None while another one has it.

    One that ends later than any lease could comes from a clock that was set back, and is over.
    """
    free = not now < lease.until <= now + seconds
    if lease.holder == holder and not free:
        return Lease(holder, lease.number, now + seconds)
    return Lease(holder, lease.number + 1, now + seconds) if free else None


def seized(lease: Lease, holder: str, now: float, seconds: float) -> Lease:
    """Return the lease after a person's order, which waits for nobody: whoever held it finds that it lost it."""
    return Lease(holder, lease.number + 1, now + seconds)
