"""Building: both images within their budget, pushed by digest, and only for a bundle that its gate let through."""

from dataclasses import replace
from pathlib import Path

import image_registry
import pytest

from gatehouse import bundle as bundles
from gatehouse import cli, images
from gatehouse.config import Images, Registry
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.shell import CommandError
from gatehouse.stages import build_images
from gatehouse.verdicts import Decision

DOCKER = pytest.mark.docker


@DOCKER
def test_digests_are_the_registrys(built):
    """Both outputs name, by digest, what the registry holds, and the verdict is about the serve image's."""
    for part, reference in built.verdict.details["outputs"].items():
        assert reference == f"{built.config.registry.image}/{part}@{image_registry.digest(reference)}"
    assert built.verdict.subject.image_digest == built.serve.partition("@")[2]


@DOCKER
def test_labels_name_the_bundle(built):
    """The serve image says which bundle and version it holds: the registry reads it there."""
    found = images.labels(built.serve)
    assert found["gatehouse.bundle"] == built.bundle.digest == built.verdict.subject.bundle
    assert found["org.opencontainers.image.version"] == built.bundle.version


@DOCKER
def test_heavy_image_is_refused(built, monkeypatch, tmp_path, context_of):
    """An image above its budget is a reject, and is not pushed."""
    monkeypatch.chdir(context_of(built.bundle.path))
    strict = replace(built.config, images=Images(serve_mb=1.0), registry=Registry(image=image_registry.new_name()))
    verdict = build_images.run(strict, bundles.read(Path("build/bundle")), "heavy", push=True)
    assert verdict.decision == Decision.REJECT
    assert "its budget is 1 MB" in verdict.why
    assert image_registry.digest(f"{strict.registry.image}/serve:heavy") is None
    image_registry.forget(strict.registry.image)


@DOCKER
def test_broken_build_raises(own, monkeypatch, context_of):
    """A Dockerfile that does not build is an error with the command."""
    folder = context_of(own.bundle.path)
    (folder / "Dockerfile.serve").write_text("FROM scratch\nCOPY no-such-file /\n")
    monkeypatch.chdir(folder)
    with pytest.raises(CommandError, match=r"docker build --file Dockerfile\.serve"):
        build_images.run(own.config, bundles.read(Path("build/bundle")), "broken", push=False)


def test_push_needs_registry(own):
    """Without a name of the images there is nowhere to push to."""
    with pytest.raises(ConfigError, match="GATEHOUSE_IMAGE"):
        build_images.run(own.config, own.bundle, "abc", push=True)


def test_bundle_lies_in_context(own, monkeypatch, tmp_path):
    """A bundle that Docker could not reach is named before the build."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ConfigError, match="lies outside"):
        build_images.run(own.config, own.bundle, "abc", push=False)


def test_push_needs_evidence(own, tmp_path):
    """What no gate has let through is not pushed."""
    argv = ["--push", "--bundle", str(own.bundle.path), "--verdict", str(tmp_path / "none.json")]
    with pytest.raises(EvidenceError, match="no verdict of gate"):
        build_images.main(own.config, cli.parser(build_images).parse_args(argv))
