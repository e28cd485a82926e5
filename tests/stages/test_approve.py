"""Approving: only a hold, only with a reason, and the ledger knows who."""

import pytest

from gatehouse import ledger
from gatehouse.errors import EvidenceError
from gatehouse.stages import approve, judgement
from gatehouse.verdicts import Check, Decision


def write(tmp_path, decision):
    """Write a verdict and return its path."""
    path = tmp_path / "gate.json"
    path.write_text(judgement.make("gate", [Check("f1", decision, "As seen.")]).to_json())
    return path


def test_hold_is_approved(tmp_path, monkeypatch):
    """The approval stands in the ledger, with the person and the reason."""
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    assert approve.run(write(tmp_path, Decision.HOLD), "new feature", tmp_path).decision == Decision.PROMOTE
    entry = ledger.read(tmp_path)[0]
    assert (entry["who"], entry["why"], entry["step"]) == ("octocat", "new feature", "gate")


@pytest.mark.parametrize("decision", [Decision.PROMOTE, Decision.REJECT, Decision.ERROR])
def test_only_hold_is_approved(tmp_path, decision):
    """A reject cannot be approved away, and a promote needs no approval."""
    with pytest.raises(EvidenceError, match="only 'hold'"):
        approve.run(write(tmp_path, decision), "please", tmp_path)


def test_reason_is_needed(tmp_path):
    """An approval without a reason is refused."""
    with pytest.raises(EvidenceError, match="reason"):
        approve.run(write(tmp_path, Decision.HOLD), "  ", tmp_path)
