"""Evidence: nothing goes on without a verdict of the same subject that allows it."""

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.stages import approve, evidence, judgement
from gatehouse.verdicts import Check, Decision, Subject

SUBJECT = Subject(commit="abc", data_hash="d1", bundle="b1")


def write(tmp_path, decision, step="gate"):
    """Write a verdict with one check and return its path."""
    path = tmp_path / "verdict.json"
    path.write_text(judgement.make(step, [Check("f1", decision, "As seen.")], subject=SUBJECT).to_json())
    return path


def test_promote_goes_on(tmp_path):
    """A promote about the same bundle is let through."""
    path = write(tmp_path, Decision.PROMOTE)
    assert evidence.require(path, "gate", Subject(bundle="b1"), tmp_path).decision == Decision.PROMOTE


@pytest.mark.parametrize("decision", [Decision.HOLD, Decision.REJECT, Decision.ERROR])
def test_other_verdicts_stop(tmp_path, decision):
    """Without an approval, nothing but promote goes on."""
    with pytest.raises(EvidenceError, match=f"'{decision}'"):
        evidence.require(write(tmp_path, decision), "gate", Subject(bundle="b1"), tmp_path)


def test_approved_hold_goes_on(tmp_path):
    """A person's approval of exactly this hold lets it through."""
    path = write(tmp_path, Decision.HOLD)
    approve.run(path, "we need it", tmp_path)
    assert evidence.require(path, "gate", Subject(bundle="b1"), tmp_path).decision == Decision.HOLD


def test_approval_is_not_reusable(tmp_path):
    """The approval of one hold says nothing about the next."""
    approve.run(write(tmp_path, Decision.HOLD), "we need it", tmp_path)
    later = tmp_path / "later.json"
    later.write_text(judgement.make("gate", [Check("f1", Decision.HOLD, "Other.")], subject=SUBJECT).to_json())
    with pytest.raises(EvidenceError, match="approve"):
        evidence.require(later, "gate", Subject(bundle="b1"), tmp_path)


@pytest.mark.parametrize(("bundle", "goes_on"), [("b1", True), ("b2", False), (None, False)])
def test_approved_times_are_taken_again(tmp_path, bundle, goes_on):
    """The approval of a hold by noise is one of the bundle: times that are taken again hold again, or differ."""
    approve.run(write(tmp_path, Decision.HOLD, "check_serving"), "we need it", tmp_path)
    again = judgement.make("check_serving", [Check("f1", Decision.HOLD, "Other.")], subject=Subject(bundle=bundle))
    assert evidence.approved(again, tmp_path) == goes_on


@pytest.mark.parametrize(("later", "goes_on"), [("p95", True), ("comparable", False)])
def test_approved_noise_is_only_noise(tmp_path, later, goes_on):
    """Who approves times that settled nothing has not approved what holds for a reason that is no measurement."""

    def held(name):
        interval = (0.9, 1.3) if name == "p95" else None
        return judgement.make("check_serving", [Check(name, Decision.HOLD, "!", interval=interval)], subject=SUBJECT)

    path = tmp_path / "check_serving.json"
    path.write_text(held("p95").to_json())
    approve.run(path, "we need it", tmp_path)
    assert evidence.approved(held(later), tmp_path) == goes_on


def test_other_bundle_stops(tmp_path):
    """A verdict about another bundle is no verdict about this one."""
    with pytest.raises(EvidenceError, match="not b2"):
        evidence.require(write(tmp_path, Decision.PROMOTE), "gate", Subject(bundle="b2"), tmp_path)


def test_stale_commit_stops(tmp_path):
    """A verdict of an earlier commit is stale."""
    with pytest.raises(EvidenceError, match="stale"):
        evidence.require(write(tmp_path, Decision.PROMOTE), "gate", Subject(commit="def"), tmp_path)


def test_other_step_stops(tmp_path):
    """The verdict of another step does not stand in for the gate's."""
    with pytest.raises(EvidenceError, match="'train'"):
        evidence.require(write(tmp_path, Decision.PROMOTE, step="train"), "gate", Subject(), tmp_path)


def test_missing_verdict_stops(tmp_path):
    """No verdict is never a pass."""
    with pytest.raises(EvidenceError, match="no verdict of gate"):
        evidence.require(tmp_path / "none.json", "gate", Subject(), tmp_path)
