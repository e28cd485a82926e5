"""Approving: only a hold, only with a reason, and the ledger knows who."""

from argparse import Namespace

import github_api
import pytest

from gatehouse import ledger
from gatehouse.config import Config, Store
from gatehouse.errors import EvidenceError
from gatehouse.stages import approve, judgement
from gatehouse.verdicts import Check, Decision, Subject


def write(tmp_path, decision):
    """Write a verdict and return its path."""
    path = tmp_path / "gate.json"
    path.write_text(
        judgement.make("gate", [Check("f1", decision, "As seen.")], subject=Subject(commit="c0ffee")).to_json()
    )
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


def test_folder_holds_what_is_approved(tmp_path):
    """Of a release's verdicts those are approved that hold and are asked for, and no others."""
    for step in ("gate", "check_serving", "check_leakage"):
        decision = Decision.PROMOTE if step == "gate" else Decision.HOLD
        made = judgement.make(step, [Check("a", decision, "As seen.")], subject=Subject(bundle="b1"))
        (tmp_path / f"{step}.json").write_text(made.to_json())
    state = tmp_path / "state"
    args = Namespace(verdict=tmp_path, reason="agreed", run=None)
    assert approve.main(Config(store=Store(state=str(state))), args).decision == Decision.PROMOTE
    assert [(entry["step"], entry["bundle"]) for entry in ledger.read(state)] == [("check_serving", "b1")]


def test_folder_of_two_models_is_refused(tmp_path):
    """A verdict that an earlier model left behind is not approved along with the one that was read."""
    for step, bundle in (("gate", "new"), ("check_serving", "old")):
        made = judgement.make(step, [Check("a", Decision.HOLD, "As seen.")], subject=Subject(bundle=bundle))
        (tmp_path / f"{step}.json").write_text(made.to_json())
    with pytest.raises(EvidenceError, match="about 2 models"):
        approve.main(Config(), Namespace(verdict=tmp_path, reason="agreed", run=None))


def test_nothing_to_approve_is_said(tmp_path):
    """A folder in which nothing holds is an error, not an approval of nothing."""
    write(tmp_path, Decision.PROMOTE)
    with pytest.raises(EvidenceError, match="nothing to approve"):
        approve.held(tmp_path)


@pytest.fixture
def runs(monkeypatch):
    """Return the runs that the stand-in for GitHub's API knows: one, a release of main that judged the verdict."""
    release = {"path": approve.RELEASE, "head_branch": "main", "head_sha": "c0ffee"}
    with github_api.running() as api:
        here = {"API_URL": api.url, "REPOSITORY": "you/model", "TOKEN": "t", "REF_NAME": "main", "SHA": "c0ffee"}
        for name, value in here.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        api.runs["17"] = release
        yield api.runs


def test_release_run_is_approved(tmp_path, runs):
    """A hold out of this branch's release of this commit is approved."""
    assert approve.run(write(tmp_path, Decision.HOLD), "agreed", tmp_path, "17").decision == Decision.PROMOTE
    assert ledger.read(tmp_path)[0]["event"] == "approval"


def test_stale_verdict_is_refused(tmp_path, runs, monkeypatch):
    """A verdict about another commit than the one that goes on is not approved."""
    monkeypatch.setenv("GITHUB_SHA", "d00d")
    runs["17"]["head_sha"] = "d00d"
    with pytest.raises(EvidenceError, match="about commit c0ffee"):
        approve.run(write(tmp_path, Decision.HOLD), "agreed", tmp_path, "17")


@pytest.mark.parametrize(
    "planted", [{"path": ".github/workflows/ci.yml"}, {"head_branch": "fork"}, {"head_sha": "other"}], ids=str
)
def test_foreign_run_is_refused(tmp_path, runs, planted):
    """A verdict that some other workflow, branch or commit uploaded is not approved."""
    runs["17"] |= planted
    with pytest.raises(EvidenceError, match=f"{next(iter(planted))} '{next(iter(planted.values()))}'"):
        approve.run(write(tmp_path, Decision.HOLD), "agreed", tmp_path, "17")
    assert ledger.read(tmp_path) == []


def test_run_must_be_number(tmp_path, runs):
    """What is no number reaches no API."""
    with pytest.raises(EvidenceError, match="no number"):
        approve.run(write(tmp_path, Decision.HOLD), "agreed", tmp_path, "../secrets")
