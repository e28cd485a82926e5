from pathlib import Path

import pytest
from stages.paper_target import PaperTarget
from stages.test_controller import NEW, NEWER, OLD, SECTIONS, Stage

from gatehouse import config as settings
from gatehouse import files, ledger
from gatehouse.stages import rollout
from gatehouse.targets import local


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage on which the old version serves, after the new one was rolled back for its errors."""
    config = settings.parse({"store": {"state": str(tmp_path)}, "rollout": {"target": "local"}, **SECTIONS})
    stage = Stage(config, PaperTarget(error_share={"1.1.0": 0.5}))
    stage.play(OLD)
    stage.play(NEW)
    return stage


def told(stage: Stage) -> list[tuple[str, str, str]]:
    """Return what the ledger says: the event, the version that it is about, and why."""
    about = {"rollout": "release", "rollback": "from", "promotion": "to"}
    entries = ledger.read(Path(stage.config.store.state))
    return [(one["event"], one[about[one["event"]]]["version"], one["why"]) for one in entries]


def lose(stage: Stage) -> None:
    """Lose what was told since the old version became champion: it was not handed on."""
    path = Path(stage.config.store.state) / ledger.FILE
    path.unlink()
    moved = {"from": None, "to": OLD.to_dict()}
    ledger.append(path.parent, "promotion", why="Rolled out.", **moved)


def test_next_rollout_tells_what_is_lost(stage):
    """The story of the rollout before, and how it ended, are told before they are forgotten, and once."""
    before = [one for one in told(stage) if one[1] == NEW.version]
    lose(stage)
    stage.play(NEWER)
    assert [one for one in told(stage) if one[1] == NEW.version] == before
    assert [event for event, *_ in before] == ["rollout", "rollout", "rollout", "rollback"]


def test_whoever_attaches_tells_what_is_lost(stage):
    """When no rollout is under way the lines that the ledger lacks are added, those that it has are not."""
    whole = {one for one in told(stage) if one[1] == NEW.version}
    lose(stage)
    attach(stage)
    assert whole <= set(told(stage))
    count = len(told(stage))
    attach(stage)
    assert len(told(stage)) == count


def test_lost_promotion_is_told(stage):
    """The ledger hears of a champion of which it did not know, or it would take the one before for the champion."""
    stage.play(NEWER)
    lose(stage)
    attach(stage)
    assert [one[1] for one in told(stage) if one[0] == "promotion"] == [OLD.version, NEWER.version]
    attach(stage)
    assert [one[1] for one in told(stage) if one[0] == "promotion"] == [OLD.version, NEWER.version]


def attach(stage: Stage) -> None:
    """Have a program look at the target, as a workflow does every hour."""
    files.write_text(local.folder(stage.config) / local.STATE, stage.target.state or "")
    assert rollout.attach(stage.config, stage.shelf, 1.0).why == "No rollout is under way."


def test_same_end_twice_is_told_twice(stage):
    """What was rolled back a second time for the same reason is in the ledger a second time."""
    stage.play(NEW)
    assert [event for event, *_ in told(stage)].count("rollback") == 2
