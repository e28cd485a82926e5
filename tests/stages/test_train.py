"""Training: a bundle that says where it comes from, and a run in MLflow."""

import pandas as pd
import pytest
from mlflow import MlflowClient

from gatehouse import bundle as bundles
from gatehouse.config import Window
from gatehouse.errors import DataError, WorkloadError
from gatehouse.stages import train
from gatehouse.verdicts import Decision


def test_bundle_states_its_origin(trained):
    """The manifest names the data, the code, the libraries and the metric with its interval."""
    manifest = trained.bundle.manifest
    assert manifest["version"] == "1.0.0"
    assert manifest["data"]["training_rows"] > manifest["data"]["holdout_rows"] > 0
    assert manifest["libraries"].keys() >= {"python", "scikit-learn"}
    measured = manifest["metrics"]["log_loss"]
    assert measured["low"] < measured["value"] < measured["high"]


def test_run_is_logged(trained):
    """MLflow holds the parameters, the metric, the data's hash and the bundle itself."""
    client = MlflowClient(f"sqlite:///{trained.config.store.state}/mlflow.db")
    run = client.search_runs([client.get_experiment_by_name("model").experiment_id])[0]
    assert run.data.tags["data_hash"] == trained.bundle.manifest["data"]["hash"]
    assert run.data.tags["gatehouse.bundle"] == trained.bundle.digest
    assert run.data.metrics.keys() == {"log_loss"}
    assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["bundle"]


def test_training_is_reproducible(own, tmp_path):
    """The same commit, data and seed give the same predictions."""
    verdict = train.run(own.config, own.found, Window(), tmp_path / "again")
    assert verdict.decision == Decision.PROMOTE
    assert bundles.read(tmp_path / "again").manifest["predictions"] == own.bundle.manifest["predictions"]


def test_no_rows_raises(own, tmp_path):
    """A window without rows is an error, and leaves no bundle."""
    with pytest.raises(DataError):
        train.run(own.config, own.found, Window(since=10**6), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_unfit_estimator_raises(own, tmp_path):
    """What the user's estimator raises is named as the workload's."""

    def fail(estimator, features, labels):
        raise ValueError("could not convert string to float")

    with pytest.raises(WorkloadError, match="could not convert"):
        train.run(own.config, own.found, Window(), tmp_path / "none", fit=fail)
    assert not (tmp_path / "none").exists()


def test_rows_are_split_once(trained):
    """No row trains and judges."""
    from gatehouse.stages import rows

    split = rows.of_bundle(trained.bundle, trained.found, trained.config)
    identity = trained.found.contract.named("id")
    assert not set(split.training[identity]) & set(split.holdout[identity])
    assert isinstance(split.holdout, pd.DataFrame)
