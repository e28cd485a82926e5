"""Earlier trainings: where the bundle of one may be found, to compare a new one with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatehouse import bundle as bundles
from gatehouse.bundle import MANIFEST, Bundle
from gatehouse.errors import GatehouseError
from gatehouse.gates.reproducibility import Training
from gatehouse.registry import Registry
from gatehouse.registry.mlflow import MlflowRegistry


def find(
    path: Path, champion: Bundle | None, challenger: Bundle | None, tracker: MlflowRegistry, now: Mapping[str, Any]
) -> list[Training]:
    """Return what is known of earlier trainings, before `path` is overwritten: there, released, or tracked.

    What cannot be opened is left out, since nothing depends on it but this comparison.
    """
    found = [Training(f"the bundle at {path}", held.manifest) for held in [opened(path)] if held]
    for name, bundle in (("champion", champion), ("challenger", challenger)):
        if bundle is not None:
            found.append(Training(f"the {name} {bundle.version}", bundle.manifest))
    return found + tracked(tracker, now)


def opened(path: Path) -> Bundle | None:
    """Return the bundle at a path, or None when there is none, or a broken one."""
    try:
        return bundles.read(path) if (path / MANIFEST).is_file() else None
    except GatehouseError:
        return None


def released(registry: Registry) -> tuple[Bundle | None, Bundle | None]:
    """Return the bundles of champion and challenger, None for the one that there is not.

    Raises RegistryError when the champion cannot be had; nothing but a number hangs on a broken challenger.
    """
    champion, challenger = registry.champion(), registry.challenger()
    held = registry.fetch(champion) if champion else None
    if challenger is None or (champion is not None and challenger.bundle == champion.bundle):
        return held, None
    try:
        return held, registry.fetch(challenger)
    except GatehouseError:
        return held, None


def tracked(tracker: MlflowRegistry, now: Mapping[str, Any]) -> list[Training]:
    """Return the newest run in MLflow with the same code, data and seed, if there is one."""
    try:
        found = tracker.newest(now)
    except GatehouseError:
        return []
    return [Training(f"run {found[0][:8]}", found[1])] if found else []
