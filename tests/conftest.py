"""What several folders of tests share."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path

# Several tests run at once; OpenMP's threads would wait for each other, spinning. Read when scikit-learn is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import image_registry
import pytest
import tumours

from gatehouse import shell
from gatehouse.bundle import Bundle
from gatehouse.errors import GatehouseError

# A busy machine is no fault of what is tested: neither a slow example nor slow drawing fails a test.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("patient")

# The settings of the tests themselves.
OURS = ("GATEHOUSE_ACT", "GATEHOUSE_TEST_KUBECONFIG", "GATEHOUSE_TEST_REGISTRY")


def pytest_configure() -> None:
    """Forget what a shell or a workflow has set: it would lead the tests to its own registry and ledger."""
    for name in [name for name in os.environ if name.startswith(("GATEHOUSE_", "MLFLOW_")) and name not in OURS]:
        del os.environ[name]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a Docker engine or a cluster where none answers."""
    if item.get_closest_marker("kubernetes") and not os.environ.get("GATEHOUSE_TEST_KUBECONFIG"):
        # KUBECONFIG alone is not enough: a developer's may lead to where users are.
        pytest.skip("no cluster to test on: set GATEHOUSE_TEST_KUBECONFIG to the kubeconfig of one with Gateway API")
    if any(item.get_closest_marker(name) for name in ("docker", "kubernetes", "act")):
        silence = engine_silence()
        if silence:
            pytest.skip(f"no Docker engine answers: {silence}")


@functools.cache
def engine_silence() -> str:
    """Return why no Docker engine can be used here, or nothing."""
    try:
        shell.run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=60)
    except GatehouseError as error:
        return str(error).splitlines()[-1]
    return ""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a small real bundle, version 1.2.0, to read and not to change."""
    return tumours.write(tmp_path_factory.mktemp("bundle") / "bundle")


@pytest.fixture
def own_bundle(tmp_path: Path) -> Bundle:
    """Return a bundle that the test may spoil."""
    return tumours.write(tmp_path / "bundle")


@pytest.fixture
def repository() -> Iterator[str]:
    """Return a name in the tests' image registry; the local images below it are removed in the end."""
    name = image_registry.new_name()
    yield name
    image_registry.forget(name)
