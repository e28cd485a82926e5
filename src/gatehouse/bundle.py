"""The model bundle: one folder with the model and all that is known of it, checked by hash whenever it is opened.

Its files: `model.skops`, `schema.json` (the contract), `profile.json` (the reference profile that drift reads),
`manifest.json` (origin, parameters, metrics, versions and the hash of every other file) and `model_card.md`; where the
model is served by ONNX, `model.onnx`; where the workload has a fallback, its text, `fallback.py`.
No pickle is ever written to it or loaded from it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gatehouse import contract as contracts
from gatehouse import files
from gatehouse.contract import Contract, label_text
from gatehouse.errors import BundleError, EvidenceError
from gatehouse.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd

Runtime = Literal["onnx", "sklearn"]
MODEL, SCHEMA, PROFILE, MANIFEST, CARD = "model.skops", "schema.json", "profile.json", "manifest.json", "model_card.md"
ONNX, FALLBACK = "model.onnx", "fallback.py"
# Types outside these packages run code that is not the user's, nor scikit-learn's: they are refused.
TRUSTED_PACKAGES = ("sklearn.", "numpy.", "scipy.")


@dataclass(frozen=True)
class Bundle:
    """An opened bundle, every file of which has the hash that its manifest states.

    `digest` is the SHA-256 of the manifest: it names the bundle in verdicts, image labels and the registry.
    """

    path: Path
    digest: str
    manifest: Mapping[str, Any]
    contract: Contract
    profile: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The model's semantic version."""
        return str(self.manifest["version"])

    @property
    def runtime(self) -> Runtime:
        """What serves the model: ONNX where training exported it, else scikit-learn."""
        return "onnx" if ONNX in self.manifest["files"] else "sklearn"

    @property
    def size_mb(self) -> float:
        """What its files weigh, in megabytes (1,000,000 bytes)."""
        sizes: list[int] = [(self.path / name).stat().st_size for name in (*self.manifest["files"], MANIFEST)]
        return sum(sizes) / 1e6


@dataclass(frozen=True)
class Model:
    """A loaded model that answers in the project's terms."""

    estimator: Any
    contract: Contract

    def predict(self, rows: "pd.DataFrame") -> Predictions:
        """Predict for raw rows that hold at least the contract's features.

        Raises BundleError when the estimator is none for the contract's task.
        """
        return self.predict_features(self.contract.frame(rows))

    def predict_features(self, features: "pd.DataFrame") -> Predictions:
        """Predict for a table that the contract made. Raises BundleError as `predict` does."""
        method = "predict" if self.contract.task == "regression" else "predict_proba"
        if not hasattr(self.estimator, method):
            kind = type(self.estimator).__name__
            raise BundleError(f"A {self.contract.task} task needs an estimator with {method}, and {kind} has none.")
        if self.contract.task == "regression":
            return Predictions(np.asarray(self.estimator.predict(features), dtype=float), np.empty(0))
        scores = np.asarray(self.estimator.predict_proba(features), dtype=float)
        classes = tuple(label_text(label) for label in self.estimator.classes_)
        return Predictions(np.array(classes, dtype=str)[scores.argmax(axis=1)], scores, classes)


def write(
    path: Path,
    estimator: Any,
    contract: Contract,
    profile: Mapping[str, Any],
    manifest: Mapping[str, Any],
    card: str,
    exported: bytes | None = None,
    fallback: str | None = None,
) -> Bundle:
    """Write a bundle, whole or not at all, and open it again.

    `exported` is the ONNX by which it is served, `fallback` the text of the rule that answers where the model fails.
    """
    import skops.io

    with files.new_folder(path) as folder:
        skops.io.dump(estimator, folder / MODEL)
        files.write_json(folder / SCHEMA, contract.to_dict())
        files.write_json(folder / PROFILE, profile)
        files.write_text(folder / CARD, card)
        if exported is not None:
            (folder / ONNX).write_bytes(exported)
        if fallback is not None:
            files.write_text(folder / FALLBACK, fallback)
        hashes = {file.name: files.sha256(file) for file in sorted(folder.iterdir())}
        files.write_json(folder / MANIFEST, {**manifest, "files": hashes})
    return read(path)


def read(path: Path, expected: str | None = None) -> Bundle:
    """Open the bundle in the folder `path` and check every file.

    Raises BundleError when a file is missing or was changed, or when the bundle is not the `expected` one.
    """
    if not (path / MANIFEST).is_file():
        raise BundleError(f"There is no model bundle at {path}: it has no {MANIFEST}. Run train first.")
    digest = files.sha256(path / MANIFEST)
    if expected is not None and digest != expected:
        raise BundleError(f"The bundle at {path} has the hash {digest[:12]}, and {expected[:12]} was expected.")
    try:
        manifest = files.read_json(path / MANIFEST, "manifest")
        _check_hashes(path, manifest["files"])
        contract = contracts.from_dict(files.read_json(path / SCHEMA, "schema"))
        return Bundle(path, digest, manifest, contract, files.read_json(path / PROFILE, "profile"))
    except (KeyError, TypeError, AttributeError, EvidenceError) as error:
        raise BundleError(f"The bundle at {path} is broken: {error}. Train it again.") from error


def load_model(bundle: Bundle) -> Model:
    """Load what scikit-learn trained. Raises BundleError when it holds types that are not trusted."""
    # A server by ONNX never comes here, and its image holds neither skops nor scikit-learn.
    import skops.io

    file = bundle.path / MODEL
    try:
        types = skops.io.get_untrusted_types(file=file)
        refused = [name for name in types if not name.startswith(TRUSTED_PACKAGES)]
        if not refused:
            return Model(skops.io.load(file, trusted=types), bundle.contract)
    except Exception as error:  # whatever a broken archive makes the reader raise
        raise BundleError(f"The model in {bundle.path} cannot be loaded: {type(error).__name__}: {error}.") from error
    raise BundleError(
        f"The model in {bundle.path} holds {', '.join(refused)}, which is not scikit-learn's. "
        "Build the pipeline from scikit-learn's own parts."
    )


def prediction_hash(predictions: Predictions, *, rounded: bool = False) -> str:
    """Return the SHA-256 of predictions, to compare two trainings or two runtimes.

    `rounded` keeps 13 bits of every number, some four digits: then only another model has another hash, and the same
    one by sums in another order keeps its own.
    """
    numbers = np.asarray(predictions.scores if predictions.classes else predictions.values, dtype=float)
    if rounded:
        mantissa, exponent = np.frexp(numbers)
        numbers = np.ldexp(np.round(mantissa * 2**13), exponent - 13) + 0.0
    return hashlib.sha256(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).hexdigest()


def _check_hashes(path: Path, hashes: Mapping[str, str]) -> None:
    for name in dict.fromkeys((MODEL, SCHEMA, PROFILE, CARD, *hashes)):
        file = path / name
        if not file.is_file():
            raise BundleError(f"The bundle at {path} has no {name}. Train it again.")
        if files.sha256(file) != hashes[name]:
            raise BundleError(f"{name} in the bundle at {path} was changed after training. Train it again.")
