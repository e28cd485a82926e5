"""A small real workload whose model was trained, gated and registered once, for the steps that come after."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import image_registry
import pytest

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Registry, Store, Window, Workload
from gatehouse.gates import quality
from gatehouse.stages import build_images, train
from gatehouse.verdicts import Decision, Verdict


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


@dataclass(frozen=True)
class Built(Trained):
    """What was trained, with both its images: the settings name them, and the verdict says what they are."""

    verdict: Verdict
    serve: str


@pytest.fixture(scope="session")
def context_of(tmp_path_factory) -> Callable[[Path], Path]:
    """Return what copies the folder that Docker builds from, with a bundle at its place."""
    root = Path(__file__).parents[2]

    def copy(bundle: Path) -> Path:
        folder = tmp_path_factory.mktemp("context") / "a repository"
        for name in ("src", "scripts", "data"):
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for name in ("Dockerfile.*", "*.toml", "requirements*.txt", "LICENSE", "README.md", ".dockerignore"):
            for file in root.glob(name):
                shutil.copy(file, folder)
        shutil.copytree(bundle, folder / "build" / "bundle")
        return folder

    return copy


@pytest.fixture(scope="session")
def built(trained, context_of) -> Iterator[Built]:
    """Build both images once, in a copy of the repository that holds the trained bundle, and push them."""
    config = replace(trained.config, registry=Registry(kind="image", image=image_registry.new_name()))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(context_of(trained.bundle.path))
        verdict = build_images.run(config, bundles.read(Path("build/bundle")), "abc1234", push=True)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    yield Built(config, trained.found, trained.bundle, verdict, verdict.details["outputs"]["serve"])
    image_registry.forget(config.registry.image)


def written(path: Path, verdict) -> Path:
    """Write a verdict and return its path."""
    path.write_text(verdict.to_json())
    return path
