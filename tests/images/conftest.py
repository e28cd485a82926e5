"""Serve images, built for real from the repository's own Dockerfile around a small bundle."""

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tumours

from gatehouse import shell
from gatehouse.bundle import Bundle

ROOT = Path(__file__).parents[2]
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
CONTEXT = (
    "src",
    "Dockerfile.serve",
    ".dockerignore",
    "requirements-serve-onnx.txt",
    "requirements-serve-sklearn.txt",
    "requirements-serve-cache.txt",
)


def docker(*arguments: str) -> str:
    """Run the docker program and return what it printed."""
    return shell.run(["docker", *arguments], timeout=1200).strip()


@pytest.fixture(scope="session", params=["onnx", "sklearn"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a small real bundle for either runtime: all that is true of an image is true of both."""
    features = tumours.rows() if request.param == "onnx" else None
    return tumours.write(tmp_path_factory.mktemp("bundle") / "bundle", features=features)


@pytest.fixture(scope="session")
def context(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder to build from; the test is skipped where there is no engine."""
    return context_of(bundle, tmp_path_factory.mktemp("context"))


def context_of(bundle: Bundle, folder: Path) -> Path:
    """Fill a folder with what the image of a bundle is built from; the test is skipped where there is no engine."""
    try:
        docker("info")
    except shell.CommandError as error:
        pytest.skip(f"NOT TESTED: there is no Docker engine here, so no image was built. {error}")
    for name in CONTEXT:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    shutil.copytree(bundle.path, folder / "build" / "bundle")
    return folder


def built(context: Path, bundle: Bundle, *arguments: str) -> Iterator[str]:
    """Build an image, give its name, and remove it."""
    name = f"gatehouse-test-{uuid.uuid4().hex[:8]}"
    arguments = ("--build-arg", f"RUNTIME={bundle.runtime}", *arguments)
    docker("build", "--file", str(context / "Dockerfile.serve"), "--tag", name, *arguments, str(context))
    yield name
    docker("image", "rm", "--force", name)


@pytest.fixture(scope="session")
def image(context: Path, bundle: Bundle) -> Iterator[str]:
    """Return the name of the serve image of the small bundle."""
    yield from built(
        context, bundle, "--build-arg", f"BUNDLE_DIGEST={bundle.digest}", "--build-arg", f"VERSION={bundle.version}"
    )


@pytest.fixture
def faulty_image(context: Path, bundle: Bundle, image: str) -> Iterator[str]:
    """Return the name of the same image with the planted fault."""
    yield from built(context, bundle, "--target", "faulty")


@pytest.fixture
def container() -> Iterator[str]:
    """Return a name for a container, and remove what has it in the end."""
    name = f"gatehouse-test-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["docker", "rm", "--force", "--volumes", name], capture_output=True, check=False)


@pytest.fixture
def built_of(tmp_path: Path) -> Callable[..., Iterator[str]]:
    """Return what builds the image of any bundle, with arguments, gives its name, and removes it."""
    return lambda bundle, *arguments: built(context_of(bundle, tmp_path / "context"), bundle, *arguments)


def serving(name: str, image: str, *arguments: str) -> None:
    """Start a container in which nothing can be written but the log, and wait until its own health check passes."""
    docker("run", "--detach", "--name", name, *HARDENED, *arguments, image)
    check = json.loads(docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", image))[1:]
    end = time.monotonic() + 60
    while subprocess.run(["docker", "exec", name, *check], capture_output=True, check=False).returncode:
        if time.monotonic() > end:
            pytest.fail(docker("logs", name))
        time.sleep(0.1)


@pytest.fixture(name="serving")
def serving_fixture() -> Callable[..., None]:
    """Return what starts a container and waits until it is healthy: `serving(container, image, *arguments)`."""
    return serving
