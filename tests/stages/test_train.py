"""Training: a bundle that says where it comes from, and a run in MLflow."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import sklearn
from mlflow import MlflowClient
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.config import Config, Store, Window, Workload
from gatehouse.contract import Column, Contract
from gatehouse.errors import DataError, WorkloadError
from gatehouse.gates import quality
from gatehouse.report import markdown
from gatehouse.stages import environment, manifest, planted, train
from gatehouse.verdicts import Decision

METRICS = {
    "workload": "f1",
    "workloads.sklearn_binary": "f1",
    "workloads.sklearn_multiclass": "f1_macro",
    "workloads.sklearn_regression": "mae",
}
WINDOWS = {"workload": Window(since=date(2026, 1, 1), until=date(2026, 1, 8))}


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> str:
    """Return a store for trainings of several workloads."""
    return str(tmp_path_factory.mktemp("state"))


def blurred(features: pd.DataFrame) -> pd.DataFrame:
    """Return the features with a little noise that no seed governs."""
    return features * np.random.default_rng().normal(1, 0.01, features.shape)


def test_bundle_states_its_origin(trained):
    """The manifest names the data, the code, the libraries and the metric with its interval."""
    said = trained.bundle.manifest
    assert said["version"] == "1.0.0"
    assert said["data"]["training_rows"] > said["data"]["holdout_rows"] > 0
    assert said["libraries"].keys() >= {"python", "scikit-learn"}
    measured = said["metrics"]["log_loss"]
    assert measured["low"] < measured["value"] < measured["high"]


def test_run_is_logged(trained):
    """MLflow holds the parameters, the metric, the data's hash and the bundle itself."""
    client = MlflowClient(f"sqlite:///{trained.config.store.state}/mlflow.db")
    run = client.search_runs([client.get_experiment_by_name("model").experiment_id])[0]
    assert run.data.tags["data_hash"] == trained.bundle.manifest["data"]["hash"]
    assert run.data.tags["gatehouse.bundle"] == trained.bundle.digest
    assert run.data.metrics.keys() == {"log_loss"}
    assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["bundle"]


@pytest.mark.parametrize("name", sorted(METRICS))
def test_training_is_reproducible(name, state, tmp_path):
    """The same code, data and seed give the same predictions, and the verdict says so."""
    gate = quality.Knobs(metric=METRICS[name])
    config = Config(workload=Workload(package=name), gate=gate, store=Store(state=state))
    found, hashes = workload.of(config), []
    for _ in range(2):
        verdict = train.run(config, found, WINDOWS.get(name, Window()), tmp_path / "bundle")
        hashes.append(bundles.read(tmp_path / "bundle").manifest["predictions"])
    assert hashes[0] == hashes[1]
    assert verdict.checks[1].why.startswith("Reproduced: ")


def test_other_seed_is_another_training(own, tmp_path):
    """With another seed there is nothing to compare, and it is said that it is the seed."""
    train.run(own.config, own.found, Window(), tmp_path / "bundle")
    verdict = train.run(own.config, own.found, Window(), tmp_path / "bundle", seed=1)
    assert "the seed changed since the bundle at" in verdict.checks[1].why


def test_unseeded_part_is_pointed_out(own, tmp_path):
    """An estimator that draws at random, with no seed to set, is not reproduced; the verdict says so."""
    found = replace(own.found, build=lambda: make_pipeline(FunctionTransformer(blurred), own.found.build()))
    verdicts = [train.run(own.config, found, Window(), tmp_path / "bundle") for _ in range(2)]
    check = verdicts[1].checks[1]
    assert (verdicts[1].decision, check.decision, check.advisory) == (Decision.PROMOTE, Decision.HOLD, True)
    assert "Nothing that was recorded differs" in check.why


def test_other_library_is_listed(own, tmp_path, monkeypatch):
    """Where other predictions come out and a library has another version, the table lists it."""
    train.run(own.config, own.found, Window(), tmp_path / "bundle")
    monkeypatch.setattr(environment, "libraries", lambda: {"scikit-learn": "0.1"})
    verdict = train.run(own.config, own.found, Window(), tmp_path / "bundle", fit=planted.fit_on_shuffled_labels)
    rows = verdict.checks[1].details["tables"]["What differs"]
    assert {"what": "scikit-learn", "earlier": sklearn.__version__, "now": "0.1"} in rows
    assert "What differs" in markdown.terminal(verdict)


def test_manifest_records_the_environment(trained):
    """What else may change a number stands in the manifest: threads, options, machine."""
    assert trained.bundle.manifest["environment"].keys() >= {"openmp threads", "platform", "PYTHONHASHSEED"}


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


def test_card_says_what_each_column_takes(trained):
    """Who reads the card learns what to send; an end that the schema does not name is not written as one."""
    columns = [
        Column("kind", "category", categories=("a", "b")), Column("new", "boolean"),
        Column("age", "number", minimum=0, maximum_missing=0.25),
    ]  # fmt: skip
    card = manifest.card(trained.bundle.manifest, Contract((*columns, Column("y", "number", "target")), "regression"))
    assert card.endswith(
        "| kind | a text: a, b; or one that it does not know | 0% |\n| new | true or false | 0% |\n"
        "| age | a finite number of at least 0 | 25% |\n"
    )
