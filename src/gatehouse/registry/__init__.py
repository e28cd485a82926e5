"""Who keeps the model versions, and which of them is the champion.

`challenger` is the newest version that passed its gate; `champion` is the one that serves; `anchor` is the best one
that ever served. A registry only moves these names: whether they may move is decided by verdicts.
"""

from pathlib import Path
from typing import Protocol

from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.release import Release


class Registry(Protocol):
    """What the steps need of a registry."""

    def champion(self) -> Release | None:
        """Return the version that serves, or None before the first. Raises RegistryError when it cannot be known."""
        ...

    def challenger(self) -> Release | None:
        """Return the version that passed its gate last, or None."""
        ...

    def anchor(self) -> Release | None:
        """Return the best version that ever served, or None before the first was found to be so."""
        ...

    def register(self, bundle: Bundle, image: str | None = None) -> Release:
        """Keep a version and make it the challenger. `image` is the reference, by digest, that holds the bundle."""
        ...

    def promote(self, release: Release, why: str) -> None:
        """Make a registered version the champion and write it to the ledger."""
        ...

    def set_anchor(self, release: Release, why: str) -> None:
        """Make a version that serves, or served, the anchor, and write it to the ledger."""
        ...

    def fetch(self, release: Release) -> Bundle:
        """Return the release's bundle from a local folder, checked by its hash."""
        ...


def connect(config: Config) -> Registry:
    """Return the registry that the settings name; nothing is contacted before it is used."""
    # Each import costs seconds (MLflow) or needs an engine (Docker), so only the one that is used is made.
    if config.registry.kind == "mlflow":
        from gatehouse.registry.mlflow import MlflowRegistry

        return MlflowRegistry(config.registry, Path(config.store.state))
    from gatehouse.registry.image import ImageRegistry

    return ImageRegistry(config.registry, Path(config.store.state))
