"""Retraining: the newest rows, and the same gate as every other model."""

from dataclasses import replace

from sklearn.dummy import DummyClassifier

from gatehouse import bundle as bundles
from gatehouse import verdicts
from gatehouse.config import Retrain
from gatehouse.gates import data
from gatehouse.stages import retrain
from gatehouse.verdicts import Decision


def short(config):
    """Return the settings with a window that the small workload can fill."""
    return replace(config, retrain=Retrain(window=400), validate=data.Knobs(minimum_rows=400))


def test_new_model_is_gated(own, tmp_path):
    """A retrained model ends in a gate's verdict, which register can read."""
    config = short(own.config)
    judged = tmp_path / "gate.json"
    verdict = retrain.run(config, own.found, None, tmp_path / "bundle", reason="drift", judged=judged)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    rows = bundles.read(tmp_path / "bundle").manifest["data"]
    assert rows["until"] - rows["since"] == 400
    written = verdicts.from_json(judged.read_text())
    assert (written.step, written.subject.bundle) == ("gate", verdict.subject.bundle)


def test_insane_model_is_not_gated(own, tmp_path):
    """A model that fails its sanity check leaves no gate's verdict behind."""
    config = short(own.config)
    constant = replace(own.found, build=lambda: DummyClassifier(strategy="prior"))
    judged = tmp_path / "gate.json"
    judged.write_text("of an earlier run")
    verdict = retrain.run(config, constant, None, tmp_path / "bundle", reason="drift", judged=judged)
    assert verdict.decision == Decision.REJECT
    assert not judged.exists()


def test_broken_rows_train_nothing(own, tmp_path):
    """Rows that break the schema end a retraining: mend what delivers them, and the old gate's verdict is gone."""
    judged = tmp_path / "gate.json"
    judged.write_text("of an earlier run")
    column = own.found.contract.features[0].name
    broken = replace(own.found, load=lambda since, until: own.found.load(since, until).assign(**{column: -1e9}))
    verdict = retrain.run(short(own.config), broken, None, tmp_path / "bundle", reason="drift", judged=judged)
    assert verdict.decision == Decision.REJECT
    assert column in verdict.why
    assert not judged.exists()
    assert not (tmp_path / "bundle").exists()
