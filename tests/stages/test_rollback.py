"""The whole step: on paper for its outcomes, and on this machine with real servers for what live traffic feels."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import tumours
from stages.paper_target import Killed
from stages.quick import quick
from stages.test_controller import NEW, NEWER, OLD, SECTIONS, Stage
from stages.test_drill import Folder

from gatehouse import config as settings
from gatehouse import ledger
from gatehouse.canary import orders
from gatehouse.canary import state as states
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.state import Phase
from gatehouse.errors import EvidenceError, RegistryError, TakenError, TargetError
from gatehouse.release import Release
from gatehouse.stages import rollback
from gatehouse.stages.controller import Controller
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Check, Decision, Verdict

WHY = "customers call"
LATEST = Release("1.3.0", "3" * 64, "x")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage on which three versions served one after another: the last from blue, the one before in green."""
    return served(tmp_path)


def served(folder: Path) -> Stage:
    """Return a stage on which three versions served one after another."""
    stage = Stage(settings.parse({"store": {"state": str(folder)}, **SECTIONS}))
    for release in (OLD, NEW, NEWER):
        stage.play(release)
    stage.target.events.clear()
    stage.target.calls = 0
    return stage


def good(url: str, release: Release) -> Sequence[Check]:
    """Judge that a server answers well, when it is the one that was meant."""
    assert url.endswith(f"/{release.version}")
    return [Check("parity", Decision.PROMOTE, "The same answers.")]


def back(stage: Stage, version: str | None = None, ask: rollback.Ask = good) -> Verdict:
    """Roll back, as the script does."""
    return rollback.run(stage.config, WHY, stage.target, stage.shelf, version, ask, say=str, now=stage.target.now)


def test_warm_version_takes_over(stage):
    """The traffic moves before anything stops, the registry and the ledger follow, and no request is lost."""
    verdict = back(stage)
    assert verdict.decision == Decision.PROMOTE
    assert verdict.why.startswith("The last rollout is over (rolled_back): version 1.1.0 has all traffic.")
    assert stage.target.events == ["weigh 0-100", "stop blue"]
    assert (stage.shelf.champion(), stage.state.former, stage.target.lost) == (NEW, (OLD,), 0)
    (entry,) = [each for each in ledger.read(Path(stage.config.store.state)) if each["event"] == "rollback"]
    assert (entry["event"], entry["from"]["version"], entry["to"]["version"]) == ("rollback", "1.2.0", "1.1.0")
    assert entry["why"].endswith(f"says rollback: {WHY}")


def test_named_version_is_started_first(stage):
    """A version that does not run is started in the free slot, and answers, before it gets traffic."""
    assert back(stage, "1.0.0").details["outputs"] == {"version": "1.0.0"}
    assert stage.target.events == ["start green 1.0.0", "weigh 0-100", "stop blue"]
    assert (stage.shelf.champion(), stage.state.former) == (OLD, (NEW,))


def test_rollout_under_way_is_aborted(stage):
    """While a canary has traffic, a rollback is its end: the stable version keeps what it has, and no other starts."""
    canary = begun(stage)
    assert back(stage).decision == Decision.PROMOTE
    assert stage.target.events == ["weigh 100-0", "stop green"]
    canary.tick()
    assert (stage.state.phase, canary.serves, stage.shelf.champion()) == (Phase.ROLLED_BACK, False, NEWER)


def test_abort_goes_on_to_a_named_version(stage):
    """With a version named, the canary goes and then the stable version, too."""
    begun(stage)
    back(stage, "1.0.0")
    assert stage.target.events == ["weigh 100-0", "stop green", "start green 1.0.0", "weigh 0-100", "stop blue"]


@pytest.mark.parametrize(("version", "moved"), [("1.2.0", [NEWER]), ("1.0.0", [LATEST, OLD])])
def test_unrecorded_promotion_is_taken_back(stage, version, moved):
    """What a guardian promoted, and nobody has recorded, goes back; the champion ends where the traffic is."""
    canary = begun(stage)
    canary.release()
    guardian = Controller(stage.config, None, stage.target, None, stage.target.now, records=False)
    guardian.insist(lambda state: orders.obey(state, Order(Do.PROMOTE, "Ada", WHY), stage.target.now()))
    guardian.apply()
    guardian.release()
    assert (stage.state.phase, stage.state.over) == (Phase.PROMOTED, False)
    stage.shelf.promoted.clear()
    stage.shelf.first = NEWER
    back(stage, version)
    assert (stage.state.stable.release.version, stage.state.over) == (version, True)
    assert [release for release, _ in stage.shelf.promoted] == (moved if version == "1.0.0" else [])
    assert stage.shelf.champion() == moved[-1]


def begun(stage: Stage):
    """Return a program whose rollout is under way at 10 %, and holds the lease."""
    canary = stage.controller(LATEST)
    canary.attach()
    canary.tick()
    stage.target.events.clear()
    return canary


def test_nobody_is_waited_for(stage):
    """What another program saves meanwhile is taken up, and the rollback is done all the same."""
    stage.target.overtaken = stage.target.state
    assert back(stage).decision == Decision.PROMOTE
    assert stage.target.routed.weights == {"blue": 0, "green": 100}


@pytest.mark.parametrize("fault", ["does not start", "answers wrongly", "does not answer"])
def test_bad_version_gets_no_traffic(stage, fault):
    """A version that does not start, answers wrongly or not at all is said to, stopped, and the traffic untouched."""

    def ask(url: str, release: Release) -> Sequence[Check]:
        if fault == "does not answer":
            raise TargetError("It did not answer.")
        return [Check("parity", Decision.REJECT, "Over 3 rows 2 labels differ.")]

    stage.target.broken = ("1.0.0",) if fault == "does not start" else ()
    with pytest.raises(
        TargetError, match=r"Version 1\.0\.0 cannot take over, and the traffic was not touched\. .*--to"
    ):
        back(stage, "1.0.0", ask)
    assert stage.target.routed.weights == {"blue": 100, "green": 0}
    assert (stage.target.running, stage.shelf.champion()) == ({"blue": NEWER}, NEWER)
    assert stage.state.lease.until == 0.0
    assert back(stage).details["outputs"] == {"version": "1.1.0"}


@pytest.mark.parametrize(("why", "version"), [(" ", None), (WHY, "9.9.9"), (WHY, "1.2.0")])
def test_senseless_rollback_changes_nothing(stage, why, version):
    """Without a reason, to an unknown version or to the one that serves: refused, and nothing is touched."""
    before = stage.target.state
    with pytest.raises(EvidenceError):
        rollback.run(stage.config, why, stage.target, stage.shelf, version, good)
    assert (stage.target.state, stage.target.events) == (before, [])


def test_second_rollback_is_told_of_the_first(stage):
    """What was taken back already, by a person or by the canary's rules, goes no version further unasked."""
    back(stage)
    stage.target.events.clear()
    with pytest.raises(
        EvidenceError, match=r"rolled back already\. To go back further, name the version \(--to\): 1.0.0"
    ):
        back(stage)
    assert stage.target.events == []
    assert back(stage, OLD.version).decision == Decision.PROMOTE
    assert stage.shelf.champion() == OLD


def test_first_version_has_nothing_before(tmp_path):
    """Where only one version ever served, a rollback says so; where none did, that nothing was rolled out."""
    stage = Stage(settings.parse({"store": {"state": str(tmp_path)}, **SECTIONS}))
    with pytest.raises(EvidenceError, match="Nothing was rolled out here"):
        back(stage)
    stage.play(OLD)
    with pytest.raises(EvidenceError, match="nothing to roll back to"):
        back(stage)


def test_metrics_may_be_down(stage):
    """A rollback needs no counters."""
    stage.target.deaf = 1000
    back(stage)
    assert stage.target.routed.weights == {"blue": 0, "green": 100}


def test_silent_registry_costs_no_user(stage, monkeypatch):
    """The traffic moves when the registry does not answer; it is said, and the next run does the rest."""

    def silent() -> None:
        raise RegistryError("No answer.")

    with monkeypatch.context() as patch:
        patch.setattr(stage.shelf, "champion", silent)
        with pytest.raises(EvidenceError, match=r"The traffic has moved: .* No answer\. Run it again"):
            back(stage)
    assert stage.target.routed.weights == {"blue": 0, "green": 100}
    assert stage.shelf.champion() == NEWER
    assert back(stage).decision == Decision.PROMOTE
    assert (stage.shelf.champion(), stage.state.over, stage.state.former) == (NEW, True, (OLD,))


@pytest.mark.parametrize("finisher", ["again", "tick"])
def test_killed_anywhere_is_finished(tmp_path, finisher):
    """Killed before any call, a second run finishes it; where the traffic has moved, any tick does."""
    calls = 0
    while True:
        stage = served(tmp_path / str(calls))
        stage.target.kill_at = calls
        try:
            back(stage)
        except Killed:
            stage.target.kill_at = -1
            stage.target.sleep(1.5)
        else:
            break
        calls += 1
        moved = stage.target.routed.weights["green"] == 100
        if not (moved and stage.state.over and stage.state.stable.release == NEW):
            _ = stage.controller(NEWER).tick() if finisher == "tick" else back(stage)
        went = finisher == "again" or moved
        check_end(stage, NEW if went else NEWER)
    assert calls > 10


def check_end(stage: Stage, serving: Release) -> None:
    """Hold what a killed rollback left against its laws."""
    state = states.from_json(stage.target.state)
    assert (state.over, state.stable.release, stage.shelf.champion()) == (True, serving, serving)
    assert stage.target.routed.weights[state.stable.slot] == 100
    assert stage.target.lost == 0


def test_stubborn_rival_is_an_error(stage, monkeypatch):
    """A state that is written over again and again is an error in the end, and no endless loop."""

    def taken(state: str) -> None:
        raise TakenError("Another program has changed the state.")

    monkeypatch.setattr(stage.target, "save", taken)
    with pytest.raises(TargetError, match="Another program"):
        back(stage)
    assert stage.target.routed.weights == {"blue": 100, "green": 0}


def test_real_answers_are_compared(tmp_path):
    """A real server is asked at its door: its own bundle's answers are right, and another bundle's are wrong."""
    target = LocalTarget(quick(tmp_path))
    other = tumours.estimator(tumours.CONTRACT.labels(tumours.rows())[::-1])
    models = [tumours.write(tmp_path / "old", version="1.0.0"), tumours.write(tmp_path / "other", other, "1.0.0")]
    old, wrong = (Release(model.version, model.digest, str(model.path)) for model in models)
    ask = rollback.answering(target.config, Folder())
    try:
        for release, decisions in ((old, {Decision.PROMOTE}), (wrong, {Decision.ERROR, Decision.REJECT})):
            target.start("green", release)
            assert {check.decision for check in ask(target.door("green"), old)} == decisions
        target.stop("green")
        with pytest.raises(TargetError):
            ask(target.door("green"), old)
    finally:
        target.close()
