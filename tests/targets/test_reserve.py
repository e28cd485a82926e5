"""What is kept for it can be written when a disk is really full."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from stages.quick import quick
from targets.small_disk import fill, mounted
from targets.test_local import Laptop, command

from gatehouse.canary import state as states
from gatehouse.canary.state import Phase
from gatehouse.errors import TargetError
from gatehouse.stages import rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import reserve
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Decision


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk that can be filled."""
    with mounted(tmp_path / "a disk") as path:
        yield path


def test_kept_room_takes_a_file(disk):
    """What must be written is written when the disk is full, once; then the error says what to do."""
    kept, path = disk / "reserve", disk / "traffic.yml"
    reserve.keep(kept)
    fill(disk)
    reserve.write_text(path, "50-50", kept, 2)
    assert path.read_text() == "50-50"
    fill(disk)
    with pytest.raises(TargetError, match=r"No space left on device\. Make room there"):
        reserve.write_text(path, "0-100" * 9999, kept, 2)
    assert path.read_text() == "50-50"


def test_room_is_given_up_for_what_follows(disk):
    """What may fail fails when the disk is full, and leaves room for what must not."""
    kept, path = disk / "reserve", disk / "state.json"
    reserve.keep(kept)
    fill(disk)
    with pytest.raises(TargetError, match="No space left"):
        reserve.write_text(path, "baking", kept, 1)
    reserve.write_text(path, "rolled back", kept, 1)
    assert path.read_text() == "rolled back"


def test_no_room_is_no_failure(disk):
    """Where there is no room to keep, nothing half-written is left behind."""
    fill(disk)
    reserve.keep(disk / "reserve")
    assert not (disk / "reserve").exists()


def test_other_errors_are_not_hidden(tmp_path):
    """A path that is no file is an error of its own, and costs no room."""
    reserve.keep(tmp_path / "reserve")
    with pytest.raises(IsADirectoryError):
        reserve.write_text(tmp_path, "text", tmp_path / "reserve", 2)
    assert (tmp_path / "reserve").stat().st_size == reserve.BYTES


def test_full_disk_takes_the_canary_back(disk):
    """A disk that fills up under a canary: its traffic goes back, no request fails, and it can begin again."""
    config = quick(disk, steps={"bake_seconds": 30.0})
    target = LocalTarget(config, command)
    try:
        rollout.run(config, Laptop.good, target=target, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60) as traffic:
            verdict = rollout.run(config, Laptop.better, target=target, say=lambda line: "20 %" in line and fill(disk))
            assert target.routing().weights == {"blue": 100, "green": 0}
            (disk / "full").unlink()
            again = rollout.run(quick(disk), Laptop.better, target=target, say=str)
    finally:
        target.close()
    assert (verdict.decision, again.decision) == (Decision.ERROR, Decision.PROMOTE)
    assert "No space left on device" in verdict.why
    assert traffic.failures == []
    assert states.from_json(target.load() or "").phase == Phase.PROMOTED
