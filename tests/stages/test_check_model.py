"""The sanity check: a good model passes, and a model that ignores its features does not."""

from sklearn.dummy import DummyClassifier

from gatehouse import bundle as bundles
from gatehouse.config import Window
from gatehouse.stages import check_model, train
from gatehouse.verdicts import Decision


def test_good_model_promotes(trained):
    """The trained model answers every row, and beats a dummy."""
    verdict = check_model.run(trained.config, trained.found, trained.bundle)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert verdict.subject.bundle == trained.bundle.digest


def test_constant_model_rejects(own, tmp_path):
    """A model that gives one answer to all is refused."""

    def constant(estimator, features, labels):
        return DummyClassifier(strategy="prior").fit(features, labels)

    train.run(own.config, own.found, Window(), tmp_path / "bundle", fit=constant)
    verdict = check_model.run(own.config, own.found, bundles.read(tmp_path / "bundle"))
    assert verdict.decision == Decision.REJECT
    assert "same answer" in verdict.why


def test_model_lost_in_saving_rejects(own, tmp_path):
    """A bundle whose model does not answer what training recorded is refused: saving or loading changed it."""
    manifest = {**own.bundle.manifest, "predictions": "0" * 64}
    estimator = bundles.load_model(own.bundle).estimator
    other = bundles.write(tmp_path / "bundle", estimator, own.bundle.contract, own.bundle.profile, manifest, "card")
    verdict = check_model.run(own.config, own.found, other)
    assert [check.name for check in verdict.checks if check.decision == Decision.REJECT] == ["parity after loading"]
