"""Exporting a trained model to ONNX, and what becomes of it when that is not possible or not faithful."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatehouse.bundle import Model
from gatehouse.config import Config
from gatehouse.contract import Contract
from gatehouse.errors import WorkloadError
from gatehouse.export import artifact, trial
from gatehouse.export.refusal import RefusedError
from gatehouse.gates import export
from gatehouse.serving import onnx_model
from gatehouse.serving.onnx_model import OnnxModel
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision

NAME = "serving runtime"


@dataclass(frozen=True)
class Exported:
    """What serves a model: the bytes of its ONNX, or none, and `why` that runtime was chosen."""

    content: bytes | None
    why: str
    details: Mapping[str, Any]

    @property
    def runtime(self) -> str:
        """What serves it, as the manifest says it."""
        return "sklearn" if self.content is None else "onnx"

    @property
    def check(self) -> Check:
        """What training says of it."""
        return Check(NAME, Decision.PROMOTE, self.why, details=self.details)


def run(config: Config, model: Model, rows: Rows) -> Exported:
    """Export a trained model as [serving] runtime asks, and try it on held-out and made-up rows.

    Raises WorkloadError when it asks for ONNX and there is none that answers the same.
    """
    asked = config.serving.runtime
    if asked == "sklearn":
        return Exported(None, 'Served by scikit-learn, as [serving] runtime = "sklearn" asks.', {})
    try:
        content = artifact.make(model, model.contract.frame(rows.training))
        check = tried(config, model, _opened(content, model.contract), rows)
        if check.decision == Decision.PROMOTE:
            return Exported(content, f"Served by ONNX Runtime. {check.why}", check.details)
        reason = f"its ONNX does not answer the same. {check.why}"
    except RefusedError as error:
        reason = f"{str(error).rstrip('.')}."
    if asked == "onnx":
        raise WorkloadError(
            f"The model cannot be served by ONNX, because {reason}\n"
            'Change the pipeline in model.py, or set [serving] runtime = "auto", which falls back to scikit-learn.'
        )
    return Exported(None, f"Served by scikit-learn, because {reason}", {})


def tried(config: Config, model: Model, exported: OnnxModel, rows: Rows) -> Check:
    """Hold an exported model against the trained one."""
    contract = model.contract
    held, training = contract.frame(rows.holdout), contract.frame(rows.training)
    asked = trial.rows(exported, contract, held, training, config.export.rows)
    return export.judge(model.predict(asked), exported.predict_table(asked), config.export)


def _opened(content: bytes, contract: Contract) -> OnnxModel:
    try:
        return onnx_model.of(content, contract)
    except Exception as error:  # ONNX Runtime has an exception for every status, without a common base
        raise RefusedError(f"ONNX Runtime does not load it: {str(error).strip().splitlines()[0]}") from error
