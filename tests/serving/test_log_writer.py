import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.serving.log_writer import Limits, LogWriter


def lines(folder: Path) -> list[str]:
    """Return all lines of a log."""
    return [line for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]


def test_writes_what_was_added(tmp_path: Path) -> None:
    """After closing, every record is a line, in order, and none was lost."""
    lost: list[int] = []
    log = LogWriter(tmp_path / "new" / "folder", lost.append)
    for number in range(500):
        log.add([{"n": number}, {"n": -number}])
    log.close()
    assert lines(tmp_path) == [f'{{"n":{n}}}' for number in range(500) for n in (number, -number)]
    assert lost == []


def test_begins_new_files(tmp_path: Path) -> None:
    """A file that would grow over its size is left, and no file is over it."""
    log = LogWriter(tmp_path, print, Limits(file_bytes=100))
    for number in range(10, 40):
        log.add([{"n": number}])
        while len(lines(tmp_path)) < number - 9:  # so that they are not written all at once
            time.sleep(0.001)
    log.close()
    assert len(lines(tmp_path)) == 30
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 3
    assert max(sizes) <= 100


def test_counts_dropped_records(tmp_path: Path) -> None:
    """Adding never waits: what the queue cannot hold is dropped, and the count is exact."""
    lost: list[int] = []
    log = LogWriter(tmp_path, lost.append, Limits(waiting=1))
    for _ in range(200):
        log.add([{"text": "x" * 1000}] * 20)
    log.close()
    assert sum(lost) > 0
    assert sum(lost) + len(lines(tmp_path)) == 4000


def test_two_writers_share_folder(tmp_path: Path) -> None:
    """Two servers with one folder do not write into one another's file."""
    logs = [LogWriter(tmp_path, print) for _ in range(2)]
    for log in logs:
        log.add([{"n": 1}] * 100)
        log.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert len(lines(tmp_path)) == 200


def test_refuses_unwritable_folder(tmp_path: Path) -> None:
    """A folder that cannot be made is said at once, before anything is served."""
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match="cannot be written"):
        LogWriter(tmp_path / "file" / "log", print)


def test_close_ends_thread(tmp_path: Path) -> None:
    """Nothing runs on after closing."""
    LogWriter(tmp_path, print).close()
    assert "prediction-log" not in [thread.name for thread in threading.enumerate()]


# A limit on the size of files stands in for a full disk: writing stops in the middle of a record.
FULL_DISK = """
import pathlib, resource, sys, time
from gatehouse.serving.log_writer import LogWriter
lost = []
def wait(test):
    while not test(): time.sleep(0.01)
folder = pathlib.Path(sys.argv[1])
log = LogWriter(folder, lost.append)
size = lambda: sum(file.stat().st_size for file in folder.iterdir())
log.add([{"text": "before"}]); wait(size)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size() + 10, hard))
log.add([{"text": "cut in the middle"}]); wait(lambda: lost)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.add([{"text": "after"}]); log.close()
print(sum(lost))
"""


def test_goes_on_after_full_disk(tmp_path: Path) -> None:
    """What the disk did not take is counted, and the next record begins on a line of its own."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], text=True, capture_output=True, timeout=60)
    assert done.stdout.strip() == "1", done.stderr
    assert "The prediction log lost 1 records" in done.stderr
    first, cut, last = lines(tmp_path)
    assert (first, last) == ('{"text":"before"}', '{"text":"after"}')
    assert '{"text":"cut in the middle"}'.startswith(cut)
