"""Train a candidate on a window of data and write its bundle; the run is logged to MLflow.

Examples:
  scripts/train.py
  scripts/train.py --since 2026-01-01 --until 2026-04-01 --bundle build/first
  scripts/train.py --window sliding --seed 7
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle, Model
from gatehouse.config import Config, Window, position
from gatehouse.drift import profile
from gatehouse.errors import WorkloadError
from gatehouse.gates import metrics, quality, reproducibility
from gatehouse.registry import connect
from gatehouse.registry.mlflow import MlflowRegistry
from gatehouse.stages import exporting, falling_back, judgement, manifest, trainings
from gatehouse.stages import rows as rowsets
from gatehouse.stages.exporting import Exported
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision, Subject, Verdict
from gatehouse.workload import Workload

Fit = Callable[[Any, pd.DataFrame, np.ndarray], Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--since", type=position, help="first row or day (default: [data] since)")
    parser.add_argument("--until", type=position, help="row or day after the last (default: [data] until)")
    parser.add_argument(
        "--window", choices=("full", "sliding"), default="full", help="[data], or its newest rows ([retrain] window)"
    )
    parser.add_argument("--seed", type=int, help="seed of the training (default: [train] seed)")
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="folder to write (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Train on the window of the command line, or else of the settings."""
    found = workload.of(config)
    window = asked(config, found, args)
    seed = config.train.seed if args.seed is None else args.seed
    return run(config, found, window, args.bundle, seed=seed)


def asked(config: Config, found: Workload, args: argparse.Namespace) -> Window:
    """Return the window that the command line asks for; a sliding one ends with the newest row, or at --until."""
    if args.window == "sliding":
        return rowsets.sliding(found, config.retrain.window, args.until)
    since = config.data.since if args.since is None else args.since
    return Window(since=since, until=config.data.until if args.until is None else args.until)


def fit(estimator: Any, features: pd.DataFrame, labels: np.ndarray) -> Any:
    """Fit the user's estimator on the training rows."""
    return estimator.fit(features, labels)


def run(config: Config, found: Workload, window: Window, path: Path, *, seed: int = 0, fit: Fit = fit) -> Verdict:
    """Train on a window, measure on its holdout, write the bundle to `path` and log the run.

    Raises WorkloadError when the estimator cannot be fitted, or not exported and has to be, DataError when the window
    has too few labelled rows.
    """
    rows = rowsets.prepare(found, config, window)
    estimator = fitted(found, rows, seed, fit)
    exported = exporting.run(config, Model(estimator, found.contract), rows)
    bundle, reproduced, fallback = _written(config, found, rows, estimator, exported, seed, path)
    run_id = tracker(config).track(bundle)
    details = {"run_id": run_id, "outputs": {"bundle": bundle.digest, "version": bundle.version}}
    checks = [_trained(config, rows, bundle), reproduced, exported.check, *([fallback] if fallback else [])]
    return judgement.make("train", checks, subject=subject(bundle), details=details)


def fitted(found: Workload, rows: Rows, seed: int, fit: Fit) -> Any:
    """Return the workload's estimator with its seeds set, fitted by `fit`. Raises WorkloadError when it cannot be."""
    estimator = found.build()
    seeds = {key: seed for key in estimator.get_params(deep=True) if key.rpartition("__")[2] == "random_state"}
    features = found.contract.frame(rows.training)
    try:
        return fit(estimator.set_params(**seeds), features, found.contract.labels(rows.training))
    except (ValueError, TypeError) as error:
        raise WorkloadError(
            f"The estimator of the workload cannot be fitted: {type(error).__name__}: {error}"
        ) from error


def subject(bundle: Bundle) -> Subject:
    """Return what a verdict about this bundle is about."""
    about = bundle.manifest
    return Subject(about["commit"], about["data"]["hash"], bundle.digest, bundle.version)


def _trained(config: Config, rows: Rows, bundle: Bundle) -> Check:
    metric, n = config.gate.metric, len(rows.holdout)
    found = bundle.manifest["metrics"][metric]
    why = f"Trained {bundle.version} on {len(rows.training):,} rows; {metric} {found['value']:.4f} on {n:,} held out."
    interval = found["low"], found["high"]
    return Check("trained", Decision.PROMOTE, why, observed=found["value"], interval=interval, n=n)


def _written(
    config: Config, found: Workload, rows: Rows, estimator: Any, exported: Exported, seed: int, path: Path
) -> tuple[Bundle, Check, Check | None]:
    """Write the bundle, and compare it with earlier ones, of which one may have lain at the same path."""
    contract = found.contract
    predictions = Model(estimator, contract).predict(rows.holdout)
    fallback = falling_back.run(config, found, rows, predictions)
    champion, challenger = trainings.released(connect(config))
    taken = [held.version for held in (champion, challenger) if held]
    about = manifest.make(config, contract, rows, estimator, predictions, champion, taken)
    truth, asked = found.truth(rows.holdout), (config.gate.bootstraps, config.gate.seed)
    measured = [metrics.estimate(name, truth, predictions, *asked) for name in quality.named(truth, config.gate)]
    about |= {"seed": seed, "metrics": {estimate.metric: manifest.measured(estimate) for estimate in measured}}
    about |= {"serving": {"runtime": exported.runtime, "why": exported.why, **exported.details}}
    about |= {"fallback": fallback.about} if fallback.about else {}
    earlier = trainings.find(path, champion, challenger, tracker(config), about)
    reference = profile.make(contract.frame(rows.holdout), contract, predictions)
    card = manifest.card(about, contract)
    bundle = bundles.write(path, estimator, contract, reference, about, card, exported.content, fallback.source)
    return bundle, reproducibility.judge(about, earlier), fallback.check


def tracker(config: Config) -> MlflowRegistry:
    """Return MLflow, which logs the run even where the image registry keeps the versions."""
    return MlflowRegistry(config.registry, Path(config.store.state))
