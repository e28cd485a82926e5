"""The MLflow registry on its own database, in a folder with a space."""

import shutil

import pytest
from mlflow import MlflowClient
from registry import contract, versions

from gatehouse.config import Registry as Settings
from gatehouse.errors import BundleError, RegistryError
from gatehouse.registry.mlflow import MlflowRegistry
from gatehouse.release import Release


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Return an empty database, made once: MLflow takes seconds for its tables."""
    state = tmp_path_factory.mktemp("database")
    assert MlflowRegistry(Settings(), state).champion() is None
    return state / "mlflow.db"


@pytest.fixture
def registry(database, tmp_path):
    """Return a registry that holds nothing yet."""
    state = tmp_path / "a state"
    state.mkdir()
    shutil.copy(database, state)
    return MlflowRegistry(Settings(), state)


@pytest.fixture
def publish():
    """Return what publishes a bundle: MLflow needs no image."""
    return lambda bundle: None


class TestMlflow(contract.Contract):
    """MLflow keeps the registry's contract."""


def test_run_is_reused(registry, tmp_path):
    """Registering a bundle whose training was logged makes a version of that run."""
    bundle = versions.write(tmp_path / "bundle")
    run = registry.track(bundle)
    registry.register(bundle, "example.org/serve@sha256:1")
    version = client(registry).get_model_version_by_alias("model", "challenger")
    assert version.run_id == run
    assert version.tags["gatehouse.image"] == "example.org/serve@sha256:1"


def test_unregistered_is_not_promoted(registry):
    """What was never registered cannot become the champion."""
    with pytest.raises(RegistryError, match="No version of 'model' holds the bundle abc"):
        registry.promote(Release("9.9.9", "abc", "nowhere"), "please")


def test_changed_artifact_is_refused(registry, tmp_path):
    """An artifact that was changed in the store is refused, and leaves nothing behind."""
    bundle = versions.write(tmp_path / "bundle")
    run = registry.track(bundle)
    stored = next((registry.state / "mlartifacts").rglob(f"{run}/**/schema.json"))
    stored.write_text(stored.read_text() + " ")
    with pytest.raises(BundleError, match=r"schema\.json .* was changed"):
        registry.register(bundle)
    assert not list((registry.state / "bundles").iterdir())


def test_no_database_raises(tmp_path):
    """A tracking database that is none is one error that names it."""
    (tmp_path / "mlflow.db").write_text("no database at all")
    with pytest.raises(RegistryError, match=r"mlflow\.db .*"):
        MlflowRegistry(Settings(), tmp_path).champion()


def test_silent_server_raises(tmp_path, monkeypatch):
    """A tracking server that is not there is an error, never an empty registry."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = MlflowRegistry(Settings(tracking_uri="http://127.0.0.1:9"), tmp_path)
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9"):
        registry.champion()


def client(registry):
    """Return MLflow's own client for the registry's database."""
    return MlflowClient(f"sqlite:///{registry.state}/mlflow.db")
