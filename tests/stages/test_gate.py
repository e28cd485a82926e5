"""The gate: a first model meets the floor, a good one passes, a worse one does not, and nothing is compared askew."""

from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from gatehouse import bundle as bundles
from gatehouse.config import Window
from gatehouse.contract import Column
from gatehouse.errors import EvidenceError
from gatehouse.gates import fairness, quality, slices
from gatehouse.predictions import Predictions
from gatehouse.registry import connect
from gatehouse.stages import gate, judgement, planted, rows, train
from gatehouse.verdicts import Check, Decision


@pytest.fixture
def crowned(own):
    """Make the trained model the champion."""
    registry = connect(own.config)
    registry.promote(registry.register(own.bundle), "for the test")
    return own


def judged(own, bundle):
    """Run the gate on a bundle."""
    return gate.run(own.config, own.found, bundle, connect(own.config))


def test_first_model_meets_floor(own):
    """Without a champion the absolute floor decides, and the verdict says so."""
    verdict = judged(own, own.bundle)
    assert verdict.decision == Decision.PROMOTE
    assert "floor" in verdict.why
    assert verdict.details["predictions"] is None


def test_first_model_below_floor(own):
    """A first model that is proven to miss the floor is refused."""
    strict = replace(own.config, gate=replace(own.config.gate, floor=1e-6))
    assert gate.run(strict, own.found, own.bundle, connect(strict)).decision == Decision.REJECT


def test_equal_model_promotes(crowned):
    """The champion itself is no worse than the champion."""
    assert judged(crowned, crowned.bundle).decision == Decision.PROMOTE


def test_verdict_tells_the_difference(crowned, tmp_path):
    """It says how far the predictions are from the champion's, for the rollout; of the champion itself, not at all."""
    same = {"predicted class": 0.0, "predicted value": 0.0, "disagreement": 0.0}
    assert judged(crowned, crowned.bundle).details["predictions"] == same
    train.run(crowned.config, crowned.found, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    found = judged(crowned, bundles.read(tmp_path / "worse")).details["predictions"]
    assert min(found["predicted value"], found["disagreement"]) > 0.05


def test_worse_model_rejects(crowned, tmp_path):
    """A model of shuffled labels is refused, with both values in the sentence."""
    config = crowned.config
    train.run(config, crowned.found, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    verdict = judged(crowned, bundles.read(tmp_path / "worse"))
    assert verdict.decision == Decision.REJECT
    assert "champion" in verdict.why


def test_other_rows_are_refused(trained):
    """A champion scored on other rows than the candidate is no evidence."""
    split = rows.of_bundle(trained.bundle, trained.found, trained.config)
    answers = bundles.load_model(trained.bundle).predict(split.holdout)
    fewer = Predictions(answers.values[1:], answers.scores[1:], answers.classes)
    with pytest.raises(EvidenceError, match="champion answered"):
        gate.judged(trained.config, trained.found, split, fewer, answers)


def test_nan_scores_are_an_error(trained):
    """A candidate that answers NaN cannot be judged, let alone promoted."""
    split = rows.of_bundle(trained.bundle, trained.found, trained.config)
    answers = bundles.load_model(trained.bundle).predict(split.holdout)
    broken = Predictions(answers.values, answers.scores * np.nan, answers.classes)
    checks = gate.judged(trained.config, trained.found, split, answers, broken)
    assert max(check.decision == Decision.ERROR for check in checks)


def changed(crowned, path, load, columns):
    """Train on a workload with other columns, and run the gate against the champion of the first one."""
    first = crowned.found
    found = replace(
        first,
        load=lambda since, until: load(first.load(since, until)),
        contract=replace(first.contract, columns=columns),
    )
    train.run(crowned.config, found, Window(), path)
    return gate.run(crowned.config, found, bundles.read(path), connect(crowned.config))


def test_lost_column_is_not_comparable(crowned, tmp_path):
    """A champion that needs a column which is gone holds the candidate, and names the column."""
    lost, *others = crowned.found.contract.columns[1:]
    columns = (crowned.found.contract.columns[0], *others)
    verdict = changed(crowned, tmp_path / "narrow", lambda rows: rows.drop(columns=lost.name), columns)
    assert verdict.decision == Decision.HOLD
    assert f"needs the column '{lost.name}'" in verdict.why


def test_not_comparable_hides_no_floor(crowned, tmp_path):
    """A candidate that is below the floor is refused, though no champion can be compared."""
    lost, *others = crowned.found.contract.columns[1:]
    strict = replace(crowned, config=replace(crowned.config, gate=replace(crowned.config.gate, floor=1e-6)))
    columns = (crowned.found.contract.columns[0], *others)
    verdict = changed(strict, tmp_path / "narrow", lambda rows: rows.drop(columns=lost.name), columns)
    assert verdict.decision == Decision.REJECT
    assert "champion comparable" in {check.name for check in verdict.checks}


def test_more_columns_are_judged(crowned, tmp_path):
    """A candidate with one more feature is judged against the champion, which does not see it."""
    columns = (*crowned.found.contract.columns, Column("twice", "number"))
    more = lambda rows: rows.assign(twice=2 * rows["mean radius"])  # noqa: E731
    verdict = changed(crowned, tmp_path / "wide", more, columns)
    assert verdict.checks[0].name == "quality"
    assert verdict.checks[0].details["champion"] is not None
    assert verdict.decision == Decision.PROMOTE, verdict.why


def test_older_library_is_not_comparable(crowned, tmp_path):
    """A champion of another release line of scikit-learn, without an image of its own, holds the candidate."""
    manifest = {**crowned.bundle.manifest, "libraries": {"scikit-learn": "1.2.2"}}
    model = bundles.load_model(crowned.bundle).estimator
    older = bundles.write(tmp_path / "older", model, crowned.bundle.contract, crowned.bundle.profile, manifest, "")
    registry = connect(crowned.config)
    registry.promote(registry.register(older), "for the test")
    verdict = judged(crowned, crowned.bundle)
    assert verdict.decision == Decision.HOLD
    assert "Not comparable with the champion" in verdict.why
    assert "scikit-learn 1.2.2" in verdict.why


def test_guard_is_a_check(crowned, tmp_path):
    """A guard stands beside the metric that decides, and can refuse by itself."""
    knobs = quality.Knobs(metric="accuracy", delta=0.9, guards={"log_loss": 0.1})
    lax = replace(crowned.config, gate=knobs)
    train.run(lax, crowned.found, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    verdict = gate.run(lax, crowned.found, bundles.read(tmp_path / "worse"), connect(lax))
    assert [check.name for check in verdict.checks if check.decision == Decision.REJECT] == ["guard log_loss"]
    assert gate.run(lax, crowned.found, crowned.bundle, connect(lax)).decision == Decision.PROMOTE


def test_unknown_slice_raises(crowned):
    """A slice that the data does not have is a mistake in the settings, never a pass."""
    knobs = replace(crowned.config.slices, columns=("nation",))
    with pytest.raises(EvidenceError, match="nation"):
        gate.run(replace(crowned.config, slices=knobs), crowned.found, crowned.bundle, connect(crowned.config))


def test_champion_becomes_first_anchor(crowned):
    """Where no anchor is named yet, the champion is the best version so far."""
    verdict = judged(crowned, crowned.bundle)
    assert verdict.details["anchor"] == verdict.details["champion"]
    assert "anchor" not in {check.name for check in verdict.checks}


def test_anchor_judges_too(crowned, tmp_path):
    """A candidate that is no worse than a bad champion, and worse than the best model ever released, is refused."""
    registry = connect(crowned.config)
    registry.set_anchor(registry.champion(), "for the test")
    train.run(crowned.config, crowned.found, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    worse = bundles.read(tmp_path / "worse")
    registry.promote(registry.register(worse), "by mistake")
    verdict = judged(crowned, worse)
    assert [check.name for check in verdict.checks if check.decision == Decision.REJECT] == ["anchor"]
    assert verdict.details["anchor"] is None


def test_proven_champion_moves_anchor(crowned, tmp_path):
    """A champion that is proven better than the anchor is the anchor from the next release on."""
    registry = connect(crowned.config)
    train.run(crowned.config, crowned.found, Window(), tmp_path / "worse", fit=planted.fit_on_shuffled_labels)
    registry.set_anchor(registry.register(bundles.read(tmp_path / "worse")), "for the test")
    verdict = judged(crowned, crowned.bundle)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert verdict.details["anchor"]["bundle"] == crowned.bundle.digest


@pytest.mark.parametrize("decision", Decision)
def test_earlier_checks_count(own, decision):
    """What a check before the gate found is found by the gate: the worst decides."""
    before = judgement.make("check_leakage", [Check("leak", decision, "As seen.")], subject=train.subject(own.bundle))
    verdict = gate.run(own.config, own.found, own.bundle, connect(own.config), [before])
    assert verdict.decision == decision


@pytest.mark.parametrize("missing", gate.BEFORE)
def test_missing_check_is_an_error(own, tmp_path, missing):
    """A gate without the verdicts of the checks before it is no gate: it names the one that is missing."""
    for step in set(gate.BEFORE) - {missing}:
        before = judgement.make(step, [Check(step, Decision.PROMOTE, "As seen.")], subject=train.subject(own.bundle))
        (tmp_path / f"{step}.json").write_text(before.to_json())
    args = Namespace(bundle=own.bundle.path, verdicts=tmp_path)
    with pytest.raises(EvidenceError, match=f"no verdict of {missing}"):
        gate.main(own.config, args)


@pytest.mark.parametrize("planted", [{"data_hash": "other"}, {"commit": "other"}], ids=str)
def test_other_data_was_validated(own, tmp_path, planted):
    """That other rows are sound, or were by another schema, says nothing about those that the model has seen."""
    for step in gate.BEFORE:
        about = replace(train.subject(own.bundle), **planted if step == "validate_data" else {})
        before = judgement.make(step, [Check(step, Decision.PROMOTE, "As seen.")], subject=about)
        (tmp_path / f"{step}.json").write_text(before.to_json())
    with pytest.raises(EvidenceError, match="validate_data is about"):
        gate.main(own.config, Namespace(bundle=own.bundle.path, verdicts=tmp_path))


def test_unknown_slice_fails_first_model(own):
    """A slice that the data does not have is found with the first model, not with the second."""
    knobs = replace(own.config.slices, combinations=(("nation", "sex"),))
    with pytest.raises(EvidenceError, match=r"\[slices\] names the column 'nation'"):
        judged(replace(own, config=replace(own.config, slices=knobs)), own.bundle)


def test_unknown_group_raises(own):
    """A group that the data does not have is a mistake in the settings, never a pass."""
    knobs = replace(own.config.fairness, columns=("nation",))
    with pytest.raises(EvidenceError, match=r"\[fairness\] names the column 'nation'"):
        judged(replace(own, config=replace(own.config, fairness=knobs)), own.bundle)


def test_first_model_is_fair(own):
    """The groups of the settings are judged without a champion too; slices and guards wait for one, and say so."""
    feature = own.found.contract.features[0].name
    bins = {feature: (float(own.found.load(None, None)[feature].median()),)}
    config = replace(own.config, slices=slices.Knobs(bins=bins), fairness=fairness.Knobs(bins=bins, minimum=5))
    config = replace(config, gate=replace(config.gate, guards={"accuracy": 0.1}))
    checks = {check.name: check for check in judged(replace(own, config=config), own.bundle).checks}
    assert not checks[f"fairness {feature}: equalised odds"].advisory
    for name in ("slices", "guard accuracy"):
        assert checks[name].advisory
        assert "compares with a champion" in checks[name].why
