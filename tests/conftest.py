"""What several folders of tests share."""

from pathlib import Path

import pytest
import tumours

from gatehouse.bundle import Bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a small real bundle, version 1.2.0, to read and not to change."""
    return tumours.write(tmp_path_factory.mktemp("bundle") / "bundle")


@pytest.fixture
def own_bundle(tmp_path: Path) -> Bundle:
    """Return a bundle that the test may spoil."""
    return tumours.write(tmp_path / "bundle")
