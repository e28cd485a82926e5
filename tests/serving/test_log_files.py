import time
from pathlib import Path

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.serving.log_files import Limits, LogFiles


def test_goes_on_after_removal(tmp_path: Path) -> None:
    """A file that somebody removed is not written any more: the next lines are in one that can be seen."""
    files = LogFiles(tmp_path / "log", Limits())
    assert files.append(b"gone\n") == 1
    for file in (tmp_path / "log").iterdir():
        file.unlink()
    (tmp_path / "log").rmdir()
    assert files.append(b"seen\n") == 1
    files.close()
    assert [file.read_bytes() for file in (tmp_path / "log").iterdir()] == [b"seen\n"]


def test_patience_ends_with_age(tmp_path: Path) -> None:
    """A file is too old so long after its first line; an empty one never is."""
    files = LogFiles(tmp_path, Limits(file_seconds=0.05))
    time.sleep(0.06)
    assert files.patience == 0.05
    files.append(b"line\n")
    time.sleep(0.06)
    assert files.patience == 0.0
    files.turn()
    assert files.patience == 0.05
    files.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_keeps_file_when_next_fails(tmp_path: Path) -> None:
    """Where the next file cannot be begun, the present one stays open, and takes lines again later."""
    finished: list[Path] = []
    files = LogFiles(tmp_path / "log", Limits(file_bytes=8), finished.append)
    files.append(b"line 1\n")
    (tmp_path / "log").rename(tmp_path / "away")
    (tmp_path / "log").touch()
    with pytest.raises(EvidenceError, match="cannot be written"):
        files.append(b"line 2\n")
    (tmp_path / "log").unlink()
    (tmp_path / "away").rename(tmp_path / "log")
    assert files.append(b"line 3\n") == 1
    files.close()
    assert [file.read_bytes() for file in finished] == [b"line 1\n", b"line 3\n"]
