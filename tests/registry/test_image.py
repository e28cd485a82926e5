"""The image registry on a real engine and a real registry; what it refuses would put another model into production."""

import itertools

import image_registry
import pytest
from registry import contract, versions

from gatehouse import images
from gatehouse.config import Registry as Settings
from gatehouse.errors import BundleError, RegistryError
from gatehouse.registry.image import ImageRegistry

pytestmark = pytest.mark.docker


@pytest.fixture
def registry(repository, tmp_path):
    """Return a registry that holds nothing yet, on a machine that does not know the images."""
    return ImageRegistry(Settings(kind="image", image=repository), tmp_path / "a state")


@pytest.fixture
def publish(repository):
    """Return what pushes an image of a bundle, with the labels that Dockerfile.serve gives it."""
    tags = itertools.count()

    def push(bundle, digest=None, at=f"{repository}/serve"):
        labels = {"gatehouse_bundle": digest or bundle.digest, "org_opencontainers_image_version": bundle.version}
        return images.push(image_registry.pack(bundle.path, f"{at}:{next(tags)}", **labels))

    return push


class TestImage(contract.Contract):
    """The image registry keeps the registry's contract."""


def test_champion_is_the_tag(registry, publish, tmp_path):
    """The champion is whatever the tag `production` names in the registry, by digest."""
    bundle = versions.write(tmp_path / "bundle")
    image = publish(bundle)
    registry.promote(registry.register(bundle, image), "for the test")
    assert registry.champion().location == image
    assert image.endswith(image_registry.digest(f"{registry.serve}:production"))


def test_tag_is_pinned(registry, publish, tmp_path):
    """An image named by a tag is registered by its digest: a tag can be moved."""
    bundle = versions.write(tmp_path / "bundle")
    image = publish(bundle)
    assert registry.register(bundle, f"{registry.serve}:0").location == image


def test_image_is_needed(registry, tmp_path):
    """A bundle without an image cannot be kept here."""
    with pytest.raises(RegistryError, match="--image"):
        registry.register(versions.write(tmp_path / "bundle"))


def test_unpushed_image_is_refused(registry, tmp_path):
    """An image that was never pushed is named."""
    with pytest.raises(RegistryError, match="push it first"):
        registry.register(versions.write(tmp_path / "bundle"), f"{registry.serve}:none")


def test_other_bundle_is_refused(registry, publish, tmp_path):
    """An image of another bundle does not become the challenger."""
    image = publish(versions.write(tmp_path / "one"))
    with pytest.raises(RegistryError, match="holds the bundle"):
        registry.register(versions.write(tmp_path / "two", "1.1.0", strength=0.1), image)
    assert registry.challenger() is None


def test_lying_label_is_refused(registry, publish, tmp_path):
    """An image whose label names another bundle than it holds is refused, and leaves nothing behind."""
    wanted = versions.write(tmp_path / "one")
    image = publish(versions.write(tmp_path / "two", "1.1.0", strength=0.1), digest=wanted.digest)
    with pytest.raises(BundleError, match="was expected"):
        registry.register(wanted, image)
    assert registry.challenger() is None
    assert not list((registry.state / "bundles").iterdir())


def test_foreign_repository_is_refused(registry, publish, repository, tmp_path):
    """An image that lies elsewhere would be tagged elsewhere: it is refused."""
    bundle = versions.write(tmp_path / "bundle")
    with pytest.raises(RegistryError, match="does not lie in"):
        registry.register(bundle, publish(bundle, at=f"{repository}/other"))


def test_unlabelled_image_is_refused(registry, tmp_path):
    """A `production` image that Dockerfile.serve did not make is an error, not a champion."""
    images.push(image_registry.build(tmp_path, f"{registry.serve}:production"))
    with pytest.raises(RegistryError, match="lacks the label"):
        registry.champion()
