"""The example of a user's own metric: Dice and IoU are what they are called, and images judge, not pixels."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from gatehouse import bundle as bundles
from gatehouse import config, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Store, Window
from gatehouse.gates import metrics
from gatehouse.registry import connect
from gatehouse.stages import check_model, gate, planted, rows, train
from gatehouse.verdicts import Decision

SETTINGS = config.load(Path(__file__).parents[2] / "examples/masks/gatehouse.toml", {})
FOUND = workload.of(SETTINGS)


@dataclass(frozen=True)
class Crowned:
    """A trained model that is the champion of its own registry."""

    config: Config
    bundle: Bundle


@pytest.fixture(scope="module")
def crowned(tmp_path_factory: pytest.TempPathFactory) -> Crowned:
    """Train the example, and make it the champion."""
    folder = tmp_path_factory.mktemp("masks")
    settings = replace(SETTINGS, store=Store(state=str(folder / "state")))
    train.run(settings, FOUND, Window(), folder / "bundle")
    bundle, registry = bundles.read(folder / "bundle"), connect(settings)
    assert gate.run(settings, FOUND, bundle, registry).decision == Decision.PROMOTE
    registry.promote(registry.register(bundle), "for the test")
    return Crowned(settings, bundle)


def test_metrics_are_sklearns(crowned: Crowned):
    """Dice is the F1 of an image's pixels, and IoU their Jaccard index, averaged over images."""
    held = rows.of_bundle(crowned.bundle, FOUND, crowned.config).holdout
    answers = bundles.load_model(crowned.bundle).predict(held)
    said = held.assign(said=(answers.values == "1").astype(int))
    for name, score in (("dice", sk.f1_score), ("iou", sk.jaccard_score)):
        found = metrics.estimate(name, FOUND.truth(held), answers)
        each = [score(image["inside"], image["said"]) for _, image in said.groupby("image")]
        assert found.value == pytest.approx(np.mean(each))
        assert (found.n, found.unit) == (len(each), "images")


def test_bundle_has_both(crowned: Crowned):
    """Training measures the metric that decides and the guard, and writes both down."""
    measured = crowned.bundle.manifest["metrics"]
    assert measured.keys() == {"dice", "iou"}
    assert measured["dice"]["n"] < 100
    assert "| dice |" in (crowned.bundle.path / "model_card.md").read_text()


def test_model_beats_dummy(crowned: Crowned):
    """The model covers more than a guess does, by the same metric."""
    verdict = check_model.run(crowned.config, FOUND, crowned.bundle)
    (check,) = (check for check in verdict.checks if check.name == "beats a dummy")
    assert check.decision == Decision.PROMOTE
    assert check.details["metric"] == "dice"


def test_equal_candidate_promotes(crowned: Crowned):
    """An equal candidate passes the metric and the guard."""
    verdict = gate.run(crowned.config, FOUND, crowned.bundle, connect(crowned.config))
    assert verdict.decision == Decision.PROMOTE
    assert [check.name for check in verdict.checks] == ["quality", "guard iou"]
    assert "images" in verdict.why


def test_degraded_candidate_rejects(crowned: Crowned, tmp_path: Path):
    """A candidate of shuffled labels is refused by both, on images."""
    train.run(crowned.config, FOUND, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    verdict = gate.run(crowned.config, FOUND, bundles.read(tmp_path / "worse"), connect(crowned.config))
    assert [check.decision for check in verdict.checks] == [Decision.REJECT] * 2
