"""Registering: only what its own gate let through becomes the challenger."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.registry import connect
from gatehouse.stages import approve, judgement, register, train
from gatehouse.verdicts import Check, Decision

DIGEST = f"sha256:{'1' * 64}"
IMAGE = f"ghcr.io/you/model/serve@{DIGEST}"


@pytest.fixture
def verdict(own, tmp_path):
    """Return what writes the gate's verdict about the trained bundle, which serves well, and returns the file."""

    def write(decision, served=Decision.PROMOTE, **other):
        about = replace(train.subject(own.bundle), **other)
        for step, said in (("gate", decision), ("check_serving", served)):
            made = judgement.make(step, [Check(step, said, "As seen.")], subject=about)
            (tmp_path / f"{step}.json").write_text(made.to_json())
        return tmp_path / "gate.json"

    return write


def test_promoted_is_challenger(own, verdict):
    """The bundle that its gate promoted is the challenger; the champion does not move."""
    made = register.run(own.config, own.bundle, verdict(Decision.PROMOTE))
    registry = connect(own.config)
    assert registry.challenger().to_dict() == made.details["release"]
    assert registry.champion() is None


@pytest.mark.parametrize("decision", [Decision.HOLD, Decision.REJECT, Decision.ERROR])
def test_others_are_not_registered(own, verdict, decision):
    """Whatever is not promoted stays out, and the registry as it was."""
    with pytest.raises(EvidenceError, match=f"'{decision}'"):
        register.run(own.config, own.bundle, verdict(decision))
    assert connect(own.config).challenger() is None


def test_approved_hold_is_registered(own, verdict):
    """A hold that a person approved goes on."""
    path = verdict(Decision.HOLD)
    approve.run(path, "we need it", Path(own.config.store.state))
    assert register.run(own.config, own.bundle, path).decision == Decision.PROMOTE


@pytest.mark.parametrize("other", [{"bundle": "b" * 64}, {"data_hash": "d" * 64}, {"commit": "c" * 40}])
def test_foreign_verdict_is_refused(own, verdict, other):
    """A verdict about another bundle, other data or another commit says nothing about this one."""
    with pytest.raises(EvidenceError, match="another's"):
        register.run(own.config, own.bundle, verdict(Decision.PROMOTE, **other))


@pytest.mark.parametrize("decision", [Decision.HOLD, Decision.REJECT, Decision.ERROR])
def test_slow_model_stays_out(own, verdict, decision):
    """A model that does not serve as it must is not registered, with or without an image."""
    with pytest.raises(EvidenceError, match=f"check_serving is '{decision}'"):
        register.run(own.config, own.bundle, verdict(Decision.PROMOTE, served=decision))
    assert connect(own.config).challenger() is None


def test_untimed_model_stays_out(own, verdict):
    """That nobody has looked how it serves is no leave to register it."""
    judged = verdict(Decision.PROMOTE)
    judged.with_name("check_serving.json").unlink()
    with pytest.raises(EvidenceError, match="no verdict of check_serving"):
        register.run(own.config, own.bundle, judged)


@pytest.fixture
def image(own, verdict, tmp_path):
    """Return what writes the verdicts about an image, beside a gate that promoted, and returns the gate's file."""

    def write(digest, smoke=Decision.PROMOTE, serving=Decision.PROMOTE):
        judged = verdict(Decision.PROMOTE)
        about = replace(train.subject(own.bundle), image_digest=digest)
        for step, decision in (("smoke_test", smoke), ("check_serving", serving)):
            made = judgement.make(step, [Check(step, decision, "As seen.")], subject=about)
            (tmp_path / f"{step}.json").write_text(made.to_json())
        return judged

    return write


def test_tested_image_is_registered(own, image):
    """An image that was asked and timed goes on."""
    assert register.run(own.config, own.bundle, image(DIGEST), IMAGE).decision == Decision.PROMOTE


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ({"digest": f"sha256:{'2' * 64}"}, "another's"),
        ({"digest": None}, "another's"),
        ({"digest": DIGEST, "smoke": Decision.REJECT}, "smoke_test is 'reject'"),
        ({"digest": DIGEST, "serving": Decision.ERROR}, "check_serving is 'error'"),
        ({"digest": DIGEST, "serving": Decision.HOLD}, "check_serving is 'hold'"),
    ],
)
def test_untested_image_stays_out(own, image, planted, says):
    """What was found of another image, or forbids this one, is no leave to register it."""
    with pytest.raises(EvidenceError, match=says):
        register.run(own.config, own.bundle, image(**planted), IMAGE)
    assert connect(own.config).challenger() is None


def test_image_needs_its_verdicts(own, verdict):
    """An image that nobody tested is not registered, and neither is a tag, which may name another one tomorrow."""
    judged = verdict(Decision.PROMOTE)
    with pytest.raises(EvidenceError, match="no verdict of smoke_test"):
        register.run(own.config, own.bundle, judged, IMAGE)
    with pytest.raises(EvidenceError, match="names no digest"):
        register.run(own.config, own.bundle, judged, "ghcr.io/you/model/serve:new")


def test_overtaken_verdict_is_stale(own, verdict):
    """A verdict without a champion does not hold once there is one: it compared with nobody."""
    registry = connect(own.config)
    registry.promote(registry.register(own.bundle), "somebody was faster")
    with pytest.raises(
        EvidenceError, match=f"no champion, and the champion is now the bundle {own.bundle.digest[:12]}"
    ):
        register.run(own.config, own.bundle, verdict(Decision.PROMOTE))


def test_anchor_moves_with_verdict(own, verdict):
    """The champion becomes the anchor when the gate's verdict says so."""
    registry = connect(own.config)
    release = registry.register(own.bundle)
    registry.promote(release, "the first")
    details = {"champion": release.to_dict(), "anchor": release.to_dict()}
    made = judgement.make(
        "gate", [Check("f1", Decision.PROMOTE, "As seen.")], subject=train.subject(own.bundle), details=details
    )
    path = verdict(Decision.PROMOTE)
    path.write_text(made.to_json())
    register.run(own.config, own.bundle, path)
    assert registry.anchor() == release
