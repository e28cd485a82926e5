"""Earlier trainings: at the path, released, or tracked; what is broken is left out."""

from dataclasses import replace

import pytest
from registry import versions

from gatehouse.errors import BundleError
from gatehouse.registry import connect
from gatehouse.stages import train, trainings


def test_bundle_at_path_is_found(trained, tmp_path):
    """What lies where the new bundle will lie is an earlier training, beside the run that MLflow knows."""
    tracker, manifest = train.tracker(trained.config), trained.bundle.manifest
    found = trainings.find(trained.bundle.path, None, None, tracker, manifest)
    assert [training.name.split()[0] for training in found] == ["the", "run"]
    assert found[0].manifest == manifest
    assert len(trainings.find(tmp_path / "none", trained.bundle, None, tracker, {**manifest, "seed": 99})) == 1


def test_broken_bundle_is_left_out(own_bundle):
    """A bundle that was spoilt is no evidence, and will be overwritten."""
    (own_bundle.path / "model_card.md").write_text("changed")
    assert trainings.opened(own_bundle.path) is None


def test_tracked_run_is_found(trained):
    """The newest run with the same code, data and seed is known to MLflow; one with another seed is not it."""
    tracker = train.tracker(trained.config)
    (found,) = trainings.tracked(tracker, trained.bundle.manifest)
    assert found.manifest["predictions"] == trained.bundle.manifest["predictions"]
    assert trainings.tracked(tracker, {**trained.bundle.manifest, "seed": 99}) == []


def test_silent_tracker_finds_nothing(own, tmp_path):
    """Where MLflow does not answer, the comparison goes without it."""
    (tmp_path / "file").touch()
    registry = replace(own.config.registry, tracking_uri=f"sqlite:///{tmp_path}/file/mlflow.db")
    tracker = train.tracker(replace(own.config, registry=registry))
    assert trainings.tracked(tracker, own.bundle.manifest) == []


def test_released_bundles_are_found(own, tmp_path):
    """Champion and challenger are two bundles, or one where the challenger serves already."""
    registry = connect(own.config)
    assert trainings.released(registry) == (None, None)
    registry.promote(registry.register(versions.write(tmp_path / "first")), "for the test")
    champion, challenger = trainings.released(registry)
    assert (champion.version, challenger) == ("1.0.0", None)
    registry.register(versions.write(tmp_path / "second", "1.1.0", strength=0.1))
    assert [bundle.version for bundle in trainings.released(registry)] == ["1.0.0", "1.1.0"]


def test_broken_challenger_is_left_out(own, tmp_path):
    """Nothing but a comparison hangs on a challenger; without its champion nothing is trained."""
    registry = connect(own.config)
    release = registry.register(versions.write(tmp_path / "first"))
    (tmp_path / "state" / "bundles" / release.bundle / "model_card.md").write_text("changed")
    assert trainings.released(registry) == (None, None)
    registry.promote(release, "for the test")
    with pytest.raises(BundleError):
        trainings.released(registry)
