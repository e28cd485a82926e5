"""Where traffic goes: start a version, weigh the traffic, read the counters, stop a version.

Every target has two slots that never change their names; what changes is which of them is the stable one. A target
keeps the rollout's state beside the traffic, so that whoever reaches the target can carry on.
"""

from typing import TYPE_CHECKING, Protocol

from gatehouse.canary.counters import Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.errors import ConfigError
from gatehouse.release import Release

if TYPE_CHECKING:  # settings bring pandas and scipy along, and the watchdog shall stay small
    from gatehouse.config import Config


class Target(Protocol):
    """What a rollout needs of a place that serves. Every method raises TargetError when the place does not obey."""

    @property
    def url(self) -> str:
        """The address that users reach, through the router. Raises TargetError before the first start."""
        ...

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release in a slot and return when it is ready, with the router in front of it.

        Nothing happens when just this release runs there already; another one is stopped first.
        """
        ...

    def stop(self, slot: Slot) -> None:
        """Let a slot finish what it has begun and stop it; nothing happens when it is not running."""
        ...

    def hold(self, release: Release) -> None:
        """See to it that a release that does not run here could be started. Raises TargetError when it could not."""
        ...

    def weigh(self, routing: Routing) -> None:
        """Share the requests, and return when the router does it; a slot that is not weighed gets none.

        Those with the header of `testers` reach the slot that is tested, whatever its weight, and are in no counters.
        """
        ...

    def routing(self) -> Routing:
        """Return how the router shares the requests now."""
        ...

    def door(self, slot: Slot) -> str:
        """Return the address below which a slot answers apart from its traffic; what it is asked there is no evidence.

        It answers to /version and to /predict, whatever the slot's weight.
        """
        ...

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what each server in a slot remembers of its answers; nothing of one that cannot be asked."""
        ...

    def counters(self) -> dict[Slot, Counters]:
        """Return what the router has counted of each slot since it started, and what the servers have predicted.

        Copies count like any other request.

        A server that does not answer has predicted what it last said: who fails so is judged by the router's counts.
        """
        ...

    def guard(self, image: str) -> None:
        """Have the rollout watched from the target itself, by `scripts/guard.py` out of an image with the pipeline.

        It goes by this target's settings. Nothing happens when it does already; on this machine it is a process,
        whatever the image.
        """
        ...

    def load(self) -> str | None:
        """Return the rollout's state as it was saved last, or None."""
        ...

    def save(self, state: str) -> None:
        """Keep the rollout's state: the new one or the old one, never a half.

        Raises TakenError when another program has saved one since this one loaded or saved.
        """
        ...

    def close(self) -> None:
        """Let go of the target; what it starts for good goes on serving."""
        ...

    def remove(self) -> None:
        """Stop and remove everything that this target started, and its state."""
        ...


def connect(config: "Config", *, alone: bool = False) -> Target:
    """Return the target that the settings name; nothing is started before it is used.

    One that is `alone` is there for this run only. On Docker, where all runs meet on one engine, it has a name of its
    own, and what is left of a run that was killed goes with the next one.

    Raises ConfigError where there is none, or it cannot do what they ask for.
    """
    # The packages of Docker and Kubernetes are imported only where they are used.
    if config.rollout.target == "local":
        from gatehouse.targets import local

        return local.of(config)
    if config.rollout.target == "docker":
        from gatehouse.targets import docker

        return docker.of(config, alone=alone)
    if config.rollout.target == "kubernetes":
        from gatehouse.targets import kubernetes

        if config.rollout.sticky:
            # Gateway API's sessionPersistence is experimental, and not in Traefik (traefik#11243, open for 3.7).
            raise ConfigError(
                "[rollout] sticky = true: the standard part of Gateway API cannot keep a client with its version. "
                "Set it to false, or the target to 'local' or 'docker'."
            )
        return kubernetes.of(config)
    raise ConfigError(
        "[rollout] target = 'none': there is no place to roll out to. Set it to 'local', 'docker' or 'kubernetes'."
    )
