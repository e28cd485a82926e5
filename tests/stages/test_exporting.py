"""Exporting: ONNX where it is faithful, else scikit-learn with the reason, or an error where ONNX is asked for."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gatehouse import bundle as bundles
from gatehouse.config import Config, Serving, Window
from gatehouse.errors import WorkloadError
from gatehouse.export import artifact
from gatehouse.serving import runtime
from gatehouse.serving.sklearn_model import SklearnModel
from gatehouse.stages import check_model, exporting, train
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Decision


def asking(config: Config, kind: str) -> Config:
    """Return settings that ask for a runtime."""
    return replace(config, serving=Serving(runtime=kind))


def unsayable():
    """Return a pipeline that ONNX cannot say."""
    return make_pipeline(FunctionTransformer(np.sqrt), StandardScaler(), LogisticRegression(max_iter=1000))


def test_bundle_is_served_by_onnx(trained):
    """What is exported lies in the bundle, under its hash, and the manifest and the card say how faithful it is."""
    said = trained.bundle.manifest["serving"]
    assert trained.bundle.runtime == said["runtime"] == "onnx"
    assert bundles.ONNX in trained.bundle.manifest["files"]
    assert said["largest"] < 1e-9
    assert said["why"] in (trained.bundle.path / bundles.CARD).read_text()


def test_auto_falls_back(own, tmp_path):
    """What ONNX cannot say is served by scikit-learn; verdict, manifest and card give the reason."""
    verdict = train.run(own.config, replace(own.found, build=unsayable), Window(), tmp_path / "bundle")
    written = bundles.read(tmp_path / "bundle")
    check = next(check for check in verdict.checks if check.name == exporting.NAME)
    assert written.runtime == written.manifest["serving"]["runtime"] == "sklearn"
    assert check.why.startswith("Served by scikit-learn, because skl2onnx cannot convert it")
    assert check.why in (written.path / bundles.CARD).read_text()
    assert isinstance(runtime.load(written), SklearnModel)


def test_onnx_or_error(own, tmp_path):
    """Where ONNX is asked for, a pipeline that it cannot say ends the training, and leaves no bundle."""
    found = replace(own.found, build=unsayable)
    with pytest.raises(WorkloadError, match=r'cannot be served by ONNX, because .*\n.*runtime = "auto"'):
        train.run(asking(own.config, "onnx"), found, Window(), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_sklearn_is_not_exported(own, tmp_path):
    """Where scikit-learn is asked for, nothing is exported."""
    train.run(asking(own.config, "sklearn"), own.found, Window(), tmp_path / "bundle")
    assert bundles.read(tmp_path / "bundle").runtime == "sklearn"


def test_unfaithful_export_is_refused(own, monkeypatch):
    """An export that answers otherwise is not served, and it is said by how much."""
    rows = rowsets.of_bundle(own.bundle, own.found, own.config)
    model, other = (bundles.load_model(own.bundle) for _ in range(2))
    other.estimator[-1].coef_ = other.estimator[-1].coef_ * 1.001
    content = artifact.make(other, other.contract.frame(rows.training))
    monkeypatch.setattr(artifact, "make", lambda *_: content)
    exported = exporting.run(own.config, model, rows)
    assert exported.content is None
    assert "its ONNX does not answer the same. Over" in exported.why


def test_swapped_onnx_is_rejected(own, tmp_path):
    """A bundle whose ONNX is of another model, hashes and all, does not pass its check."""
    rows = rowsets.of_bundle(own.bundle, own.found, own.config)
    model, other = (bundles.load_model(own.bundle) for _ in range(2))
    other.estimator[-1].intercept_ = other.estimator[-1].intercept_ + 0.1
    content = artifact.make(other, other.contract.frame(rows.training))
    about = own.bundle
    mixed = bundles.write(
        tmp_path / "mixed", model.estimator, about.contract, about.profile, about.manifest, "", content
    )
    verdict = check_model.run(own.config, own.found, mixed)
    assert verdict.decision == Decision.REJECT
    assert [check.name for check in verdict.checks if check.decision == Decision.REJECT] == ["export to ONNX"]
