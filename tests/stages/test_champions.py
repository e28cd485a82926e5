from pathlib import Path

import pytest

from gatehouse import ledger
from gatehouse.errors import EvidenceError
from gatehouse.release import Release
from gatehouse.stages import champions

OLD, NEW, NEWER = (Release(f"1.{n}.0", str(n) * 64, "x") for n in range(3))


def promote(state: Path, release: Release, before: Release | None) -> None:
    """Write a promotion as the registries do."""
    ledger.append(state, "promotion", why="so", **{"from": before and before.to_dict(), "to": release.to_dict()})


def test_champions_come_in_order(tmp_path):
    """Each promotion is the next; other lines of the ledger are none."""
    assert champions.served(tmp_path) == []
    promote(tmp_path, OLD, None)
    ledger.append(tmp_path, "approval", why="agreed")
    promote(tmp_path, NEW, OLD)
    assert champions.served(tmp_path) == [OLD, NEW]


def test_older_ledger_begins_later(tmp_path):
    """A ledger that was begun later knows the champion before its first line."""
    promote(tmp_path, NEW, OLD)
    assert champions.served(tmp_path) == [OLD, NEW]


def test_rolled_back_champion_is_gone(tmp_path):
    """What was rolled back stands before no other."""
    for release, before in ((OLD, None), (NEW, OLD), (NEWER, NEW), (NEW, NEWER)):
        promote(tmp_path, release, before)
    assert champions.served(tmp_path) == [OLD, NEW]


def test_choice_is_the_one_before():
    """Without a name it is the last one before, and a name must be known."""
    assert champions.choose([OLD, NEW, NEWER], NEWER, None) == NEW
    assert champions.choose([OLD, NEW, NEWER], NEWER, "1.0.0") == OLD
    for served, version, message in (([NEWER], None, "It knows none"), ([OLD, NEWER], "9.9.9", r"It knows 1\.0\.0")):
        with pytest.raises(EvidenceError, match=message):
            champions.choose(served, NEWER, version)
