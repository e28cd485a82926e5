"""What a bundle says of its origin: enough to train it again, and to tell why two trainings differ."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from gatehouse import bundle as bundles
from gatehouse import holdout, versions
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.contract import Contract
from gatehouse.gates.metrics import Estimate
from gatehouse.predictions import Predictions
from gatehouse.serving import values
from gatehouse.stages import environment, judgement
from gatehouse.stages import rows as rowsets
from gatehouse.stages.rows import Rows


def make(
    config: Config,
    contract: Contract,
    rows: Rows,
    estimator: Any,
    predictions: Predictions,
    previous: Bundle | None,
    taken: Collection[str] = (),
) -> dict[str, Any]:
    """Return the manifest of a trained model.

    `previous` is the champion's bundle, from which the version counts; versions that are `taken` are skipped.
    """
    code, plain = code_hash(config.workload.package), parameters(estimator)
    return {
        "name": config.registry.name,
        "version": version(previous, contract, code, plain, taken),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": judgement.commit(),
        "code": code,
        "task": contract.task,
        "data": rowsets.described(rows),
        "holdout": {**asdict(config.holdout), "salt": holdout.SALT.decode()},
        "parameters": plain,
        "predictions": bundles.prediction_hash(predictions),
        "predictions_rounded": bundles.prediction_hash(predictions, rounded=True),
        "libraries": environment.libraries(),
        "environment": environment.recorded(),
    }


def code_hash(package: str) -> str:
    """Return the SHA-256 of the workload's source files."""
    folder = Path(str(import_module(package).__file__)).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"{file.relative_to(folder).as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def parameters(estimator: Any) -> dict[str, Any]:
    """Return the estimator's parameters that are plain values; the parts of a pipeline stand in their own names."""
    plain = (str, int, float, bool, type(None))
    return {key: value for key, value in estimator.get_params(deep=True).items() if isinstance(value, plain)}


def measured(estimate: Estimate) -> dict[str, Any]:
    """Return a metric with its two-sided 95 % interval."""
    low, high = estimate.bounds(0.975)
    return {"value": estimate.value, "se": estimate.se, "low": low, "high": high, "n": estimate.n}


def card(manifest: Mapping[str, Any], contract: Contract) -> str:
    """Return the model card in Markdown: what it is, what it was trained on, how good it is, what it must be fed."""
    data, metrics = manifest["data"], manifest["metrics"]
    lines = [f"# {manifest['name']} {manifest['version']}", ""]
    lines += [f"A {manifest['task']} model for `{contract.target}`, trained {manifest['created_at']}.", ""]
    lines += [f"Commit `{manifest['commit']}`, data `{data['hash'][:12]}`, from {data['since']} until {data['until']}."]
    lines += [f"Trained on {data['training_rows']:,} rows and measured on {data['holdout_rows']:,} held out:", ""]
    lines += ["| metric | value | 95 % interval |", "| --- | --- | --- |"]
    lines += [f"| {name} | {m['value']:.4f} | {m['low']:.4f} to {m['high']:.4f} |" for name, m in metrics.items()]
    lines += ["", manifest["serving"]["why"]]
    lines += ["", "| feature | takes | may be missing |", "| --- | --- | --- |"]
    for column in contract.features:
        lines.append(f"| {column.name} | {values.takes(column)} | {column.maximum_missing:.0%} |")
    return "\n".join(lines) + "\n"


def version(
    previous: Bundle | None, contract: Contract, code: str, parameters: Mapping[str, Any], taken: Collection[str]
) -> str:
    """Return the version that follows the champion's, by what changed: schema, code, features, parameters, or data."""
    if previous is None:
        return versions.derive(None, breaks=False, changed=True, taken=taken)
    before = previous.manifest
    changed = before["code"] != code or versions.features_changed(previous.contract, contract)
    # They come from the code, or from a library's new defaults; the seed is neither.
    changed = changed or _unseeded(before["parameters"]) != _unseeded(parameters)
    broken = versions.breaks(previous.contract, contract)
    return versions.derive(previous.version, breaks=broken, changed=changed, taken=taken)


def _unseeded(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key.rpartition("__")[2] != "random_state"}
