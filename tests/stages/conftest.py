"""A small real workload whose model was trained, gated and registered once, for the steps that come after."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Store, Window, Workload
from gatehouse.gates import quality
from gatehouse.stages import train


@dataclass(frozen=True)
class Trained:
    """Settings, the workload that they name, and a bundle of its model."""

    config: Config
    found: workload.Workload
    bundle: Bundle


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Trained:
    """Train the bundled breast-cancer workload once; its registry has no champion."""
    folder = tmp_path_factory.mktemp("trained")
    config = Config(
        workload=Workload(package="workloads.sklearn_binary"),
        gate=quality.Knobs(metric="log_loss", delta=0.1, floor=0.5),
        store=Store(state=str(folder / "state")),
    )
    found = workload.of(config)
    train.run(config, found, Window(), folder / "bundle")
    return Trained(config, found, bundles.read(folder / "bundle"))


@pytest.fixture
def own(trained, tmp_path) -> Trained:
    """Give the trained model with a registry of the test's own."""
    return replace(trained, config=replace(trained.config, store=Store(state=str(tmp_path / "state"))))


def written(path: Path, verdict) -> Path:
    """Write a verdict and return its path."""
    path.write_text(verdict.to_json())
    return path
