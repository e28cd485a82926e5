"""Where traffic goes: start a version, weigh the traffic, read the counters, stop a version.

Every target has two slots that never change their names; what changes is which of them is the stable one.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from gatehouse.canary.counters import Counters
from gatehouse.release import Release

Slot = Literal["blue", "green"]


class Target(Protocol):
    """What a rollout needs of a place that serves."""

    @property
    def url(self) -> str:
        """The address that users reach, through the router."""
        ...

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release in a slot and return when it is ready. Raises TargetError when it does not get ready."""
        ...

    def stop(self, slot: Slot) -> None:
        """Let a slot finish what it has begun and stop it; nothing happens when it is not running."""
        ...

    def weigh(self, weights: Mapping[Slot, int]) -> None:
        """Share the traffic by percent, and return when the router does it."""
        ...

    def weights(self) -> dict[Slot, int]:
        """Return the weights that the router has now; empty when it has none."""
        ...

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot since it started. Raises TargetError."""
        ...

    def close(self) -> None:
        """Stop everything that this target started."""
        ...
