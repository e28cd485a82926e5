"""Try a trained bundle on held-out rows: it loads, answers as it did when trained, and beats a dummy.

Examples:
  scripts/check_model.py
  scripts/check_model.py --bundle build/bundle
"""

import argparse
from pathlib import Path

from sklearn.dummy import DummyClassifier, DummyRegressor

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle, Model
from gatehouse.config import Config
from gatehouse.contract import Contract
from gatehouse.gates import parity, sanity
from gatehouse.predictions import Predictions
from gatehouse.serving import onnx_model
from gatehouse.stages import exporting, judgement, train
from gatehouse.stages import rows as rowsets
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Try the bundle of the command line."""
    return run(config, workload.of(config), bundles.read(args.bundle))


def run(config: Config, found: Workload, candidate: Bundle) -> Verdict:
    """Judge one model by itself. Raises BundleError when it cannot be loaded."""
    rows = rowsets.of_bundle(candidate, found, config)
    truth = found.truth(rows.holdout)
    model = bundles.load_model(candidate)
    answers = model.predict(rows.holdout)
    checks = sanity.judge(
        truth,
        answers,
        dummy(found.contract, rows, sanity.dummy_strategy(config.gate.metric, truth)),
        config.gate.metric,
        config.model,
    )
    hashed = bundles.prediction_hash(answers)
    checks.append(parity.after_loading(candidate.manifest["predictions"], hashed, len(answers)))
    if candidate.runtime == "onnx":
        checks.append(exporting.tried(config, model, onnx_model.load(candidate), rows))
    return judgement.make("check_model", checks, subject=train.subject(candidate))


def dummy(contract: Contract, rows: Rows, strategy: str) -> Predictions:
    """Return what a model answers that has seen the labels, and no feature; `strategy` is one of scikit-learn's."""
    kind = DummyRegressor if contract.task == "regression" else DummyClassifier
    seed = {} if contract.task == "regression" else {"random_state": 0}
    estimator = kind(strategy=strategy, **seed)
    estimator.fit(contract.frame(rows.training), contract.labels(rows.training))
    return Model(estimator, contract).predict(rows.holdout)
