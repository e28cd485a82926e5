"""The same machinery over other people's data: two classes, several classes, numbers, and a bank's calls."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gatehouse import bundle as bundles
from gatehouse import config as configs
from gatehouse import workload
from gatehouse.config import Config, Store, Window, Workload
from gatehouse.gates import quality
from gatehouse.registry import connect
from gatehouse.stages import check_model, gate, register, train
from gatehouse.verdicts import Decision

BANK = Path(__file__).parents[2] / "examples" / "bank_marketing" / "gatehouse.toml"
# What the first model must reach, and a tolerance that holdouts of a hundred rows can resolve.
METRICS = {
    "sklearn_binary": quality.Knobs(metric="log_loss", delta=0.1, floor=0.5),
    "sklearn_multiclass": quality.Knobs(metric="f1_macro", delta=0.1, floor=0.7),
    "sklearn_regression": quality.Knobs(metric="mae", delta=10.0, floor=60.0),
}


def settings(name: str, state: Path) -> Config:
    """Return the settings of a workload, with a registry of the test's own."""
    if name != "bank_marketing":
        return Config(workload=Workload(package=f"workloads.{name}"), gate=METRICS[name], store=Store(state=str(state)))
    if not os.environ.get("BANK_MARKETING_CSV"):
        pytest.skip("BANK_MARKETING_CSV is not set: Bank Marketing is not tried")
    return replace(configs.load(BANK), store=Store(state=str(state)))


def fit_on_permuted_labels(estimator, features, labels):
    """Fit on labels that all belong to other rows: a hundred rows are enough to tell."""
    return estimator.fit(features, np.random.default_rng(0).permutation(labels))


@pytest.mark.parametrize("name", [*METRICS, "bank_marketing"])
def test_workload_goes_round(name, tmp_path):
    """A first model is registered, its equal is promoted, and a model on shuffled labels is refused."""
    config = settings(name, tmp_path / "state")
    found = workload.of(config)
    window = config.data if name == "bank_marketing" else Window()
    train.run(config, found, window, tmp_path / "first")
    first = bundles.read(tmp_path / "first")
    assert check_model.run(config, found, first).decision == Decision.PROMOTE
    judged = gate.run(config, found, first, connect(config))
    assert judged.decision == Decision.PROMOTE, judged.why
    for step in ("gate", "check_serving"):
        (tmp_path / f"{step}.json").write_text(replace(judged, step=step).to_json())
    register.run(config, first, tmp_path / "gate.json")
    registry = connect(config)
    registry.promote(registry.challenger(), "for the test")
    assert gate.run(config, found, first, registry).decision == Decision.PROMOTE
    train.run(config, found, window, tmp_path / "worse", fit=fit_on_permuted_labels)
    assert gate.run(config, found, bundles.read(tmp_path / "worse"), registry).decision == Decision.REJECT
