import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.serving.log_files import Limits
from gatehouse.serving.log_writer import LogWriter


def lines(folder: Path) -> list[str]:
    """Return all lines of a log."""
    return [line for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]


def some(*texts: Any) -> tuple[int, Callable[[], bytes]]:
    """Return what a writer is given for these lines."""
    return len(texts), "".join(f"{text}\n" for text in texts).encode


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that is to happen soon."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_writes_what_was_added(tmp_path: Path) -> None:
    """After closing, every line is there, in order, and all of them were counted as written."""
    lost: list[int] = []
    written: list[int] = []
    log = LogWriter(tmp_path / "new" / "folder", lost.append, written.append)
    for number in range(500):
        log.add(*some(number, -number))
    log.close()
    assert lines(tmp_path) == [str(n) for number in range(500) for n in (number, -number)]
    assert (lost, sum(written)) == ([], 1000)


def test_readable_while_written(tmp_path: Path) -> None:
    """What was added is in the file soon, while the writer goes on."""
    log = LogWriter(tmp_path, print)
    for text in ("first", "second"):
        log.add(*some(text))
        until(lambda wanted=text: lines(tmp_path)[-1:] == [wanted])
    log.close()
    assert lines(tmp_path) == ["first", "second"]


def test_begins_new_files(tmp_path: Path) -> None:
    """A file that would grow over its size is left, no file is over it, and each is said to be finished."""
    finished: list[Path] = []
    log = LogWriter(tmp_path, print, finished=finished.append, limits=Limits(file_bytes=100))
    for number in range(15):
        log.add(*some(f"line {number:04}"))
        until(lambda wanted=number: len(lines(tmp_path)) > wanted)  # so that they are not written all at once
    log.close()
    assert len(lines(tmp_path)) == 15
    assert sorted(tmp_path.iterdir()) == finished
    assert [file.stat().st_size for file in finished] == [100, 50]


def test_counts_dropped_lines(tmp_path: Path) -> None:
    """Adding never waits: what the queue cannot hold is dropped, and the count is exact."""
    lost: list[int] = []
    log = LogWriter(tmp_path, lost.append, limits=Limits(waiting=1))
    for _ in range(200):
        log.add(*some(*["x" * 1000] * 20))
    log.close()
    assert sum(lost) > 0
    assert sum(lost) + len(lines(tmp_path)) == 4000


def test_two_writers_share_folder(tmp_path: Path) -> None:
    """Two servers with one folder do not write into one another's file."""
    logs = [LogWriter(tmp_path, print) for _ in range(2)]
    for log in logs:
        log.add(*some(*"x" * 100))
        log.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert len(lines(tmp_path)) == 200


def test_refuses_unwritable_folder(tmp_path: Path) -> None:
    """A folder that cannot be made is said at once, before anything is served."""
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match="cannot be written"):
        LogWriter(tmp_path / "file" / "log", print)


def test_close_ends_thread(tmp_path: Path) -> None:
    """Nothing runs on after closing, and a log that nobody wrote to leaves no file."""
    LogWriter(tmp_path, print).close()
    assert "prediction-log" not in [thread.name for thread in threading.enumerate()]
    assert list(tmp_path.iterdir()) == []


def test_survives_what_cannot_be_made(tmp_path: Path) -> None:
    """A record that cannot be made is counted as lost, and those after it are written."""
    lost: list[int] = []
    log = LogWriter(tmp_path, lost.append)
    log.add(2, lambda: str(1 / 0).encode())
    until(lambda: lost)
    log.add(*some("after"))
    log.close()
    assert (lost, lines(tmp_path)) == ([2], ["after"])


def test_stuck_disk_ends_in_time(tmp_path: Path) -> None:
    """What a stuck disk does not take is counted, and closing does not wait for it."""
    lost: list[int] = []
    stuck = threading.Event()
    log = LogWriter(tmp_path, lost.append, limits=Limits(flush_seconds=0.1))
    log.add(3, lambda: b"line\n" * (3 * stuck.wait(30)))
    log.close()
    assert lost == [3]
    stuck.set()


# A limit on the size of files stands in for a full disk: writing stops in the middle of a line.
FULL_DISK = """
import pathlib, resource, sys, time
from gatehouse.serving.log_writer import LogWriter
lost = []
def wait(test):
    while not test(): time.sleep(0.01)
folder = pathlib.Path(sys.argv[1])
log = LogWriter(folder, lost.append)
size = lambda: sum(file.stat().st_size for file in folder.iterdir())
log.add(1, lambda: b"before\\n"); wait(size)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size() + 16, hard))
log.add(3, lambda: b"whole\\ncut in the middle\\nlost\\n"); wait(lambda: lost)
log.add(1, lambda: b"lost, and said once\\n"); wait(lambda: len(lost) > 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.add(1, lambda: b"after\\n"); log.close()
print(lost)
"""


def test_goes_on_after_full_disk(tmp_path: Path) -> None:
    """What the disk did not take is counted to the line and said once, and the next one begins on a line of its own."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], text=True, capture_output=True, timeout=60)
    assert done.stdout.strip() == "[2, 1]", done.stderr
    assert done.stderr.count("The prediction log loses records") == 1
    assert lines(tmp_path) == ["before", "whole", "cut in the", "after"]
