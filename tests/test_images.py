"""Images on a real engine and a real registry: digests are read back, and a registry that is silent is an error."""

import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

import image_registry
import pytest

from gatehouse import images
from gatehouse.errors import RegistryError

DOCKER = pytest.mark.docker


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("ghcr.io/you/model/serve:1.2", "ghcr.io/you/model/serve"),
        ("127.0.0.1:5000/model/serve@sha256:ab", "127.0.0.1:5000/model/serve"),
        ("127.0.0.1:5000/serve:1@sha256:ab", "127.0.0.1:5000/serve"),
        ("localhost:5000/serve", "localhost:5000/serve"),
    ],
)
def test_repository_without_tag(reference, repository):
    """The tag and the digest are cut off, and a registry's port is neither."""
    assert images.repository(reference) == repository


@DOCKER
def test_pushed_digest_is_the_registrys(repository, tmp_path):
    """What a push returns names the image in the registry, and pulling it gives the same name."""
    pushed = images.push(image_registry.build(tmp_path, f"{repository}/serve:one"))
    assert pushed == f"{repository}/serve@{image_registry.digest(f'{repository}/serve:one')}"
    assert images.pull(pushed) == images.pull(f"{repository}/serve:one") == pushed


@DOCKER
def test_unknown_name_is_none(repository, tmp_path):
    """A registry that holds no such repository, or no such tag, has none; that is no error."""
    assert images.pull(f"{repository}/serve:production") is None
    images.push(image_registry.build(tmp_path, f"{repository}/serve:one"))
    assert images.pull(f"{repository}/serve:production") is None


@DOCKER
def test_silent_registry_raises():
    """A registry that does not answer is an error: nobody knows whether there is a champion."""
    with pytest.raises(RegistryError, match="cannot be pulled"):
        images.pull("127.0.0.1:9/model/serve:production")


@DOCKER
def test_web_server_is_no_registry():
    """A server that answers 404 to everything is a wrong address, not an empty registry."""
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(RegistryError, match="cannot be pulled"):
            images.pull(f"127.0.0.1:{server.server_port}/model/serve:production")
    finally:
        server.shutdown()
        server.server_close()


@DOCKER
def test_second_tag_keeps_digest(repository, tmp_path):
    """Another tag in the registry names the same image, also where this machine did not build it."""
    pushed = images.push(image_registry.build(tmp_path, f"{repository}/serve:one"))
    image_registry.forget(repository)
    assert images.name(pushed, "production") == f"{repository}/serve:production"
    assert image_registry.digest(f"{repository}/serve:production") == pushed.partition("@")[2]


@DOCKER
def test_missing_image_gets_no_tag(repository):
    """An image that the registry does not hold cannot be tagged there."""
    with pytest.raises(RegistryError, match="does not hold"):
        images.name(f"{repository}/serve@sha256:{'0' * 64}", "production")


@DOCKER
def test_folder_is_copied_out(repository, tmp_path):
    """A folder comes out of an image that has nothing to run, with the labels beside it."""
    reference = image_registry.build(tmp_path, f"{repository}/serve:one", org_name="a name")
    (tmp_path / "out of it").mkdir()
    images.copy_out(reference, "/app/bundle", tmp_path / "out of it")
    assert (tmp_path / "out of it" / "name.txt").read_text() == reference
    assert images.labels(reference) == {"org.name": "a name"}
    assert 0 < images.size_mb(reference) < 0.01
