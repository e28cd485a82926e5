"""Retraining: the newest rows, and the same gate as every other model."""

from dataclasses import replace

from sklearn.dummy import DummyClassifier

from gatehouse import bundle as bundles
from gatehouse import verdicts
from gatehouse.config import Retrain
from gatehouse.stages import retrain
from gatehouse.verdicts import Decision


def test_new_model_is_gated(own, tmp_path):
    """A retrained model ends in a gate's verdict, which register can read."""
    config = replace(own.config, retrain=Retrain(window=400))
    judged = tmp_path / "gate.json"
    verdict = retrain.run(config, own.found, None, tmp_path / "bundle", reason="drift", judged=judged)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    data = bundles.read(tmp_path / "bundle").manifest["data"]
    assert data["until"] - data["since"] == 400
    written = verdicts.from_json(judged.read_text())
    assert (written.step, written.subject.bundle) == ("gate", verdict.subject.bundle)


def test_insane_model_is_not_gated(own, tmp_path):
    """A model that fails its sanity check leaves no gate's verdict behind."""
    config = replace(own.config, retrain=Retrain(window=400))
    constant = replace(own.found, build=lambda: DummyClassifier(strategy="prior"))
    judged = tmp_path / "gate.json"
    judged.write_text("of an earlier run")
    verdict = retrain.run(config, constant, None, tmp_path / "bundle", reason="drift", judged=judged)
    assert verdict.decision == Decision.REJECT
    assert not judged.exists()
