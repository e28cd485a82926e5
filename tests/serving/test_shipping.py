import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.serving import log_source, shipping
from gatehouse.serving.log_files import Limits
from gatehouse.serving.log_writer import LogWriter
from gatehouse.serving.shipping import ShippedLog, Shipper

URL = "memory://logs/here"


class Unsteady(MemoryFileSystem):
    """A store in this process's memory that can be out of reach, and then may break off in the middle of a file."""

    protocol = "unsteady"
    out_of_reach = False
    breaks_off = False

    def _open(self, *arguments: Any, **settings: Any) -> Any:
        if self.out_of_reach:
            raise ConnectionRefusedError("nobody answers")
        found = super()._open(*arguments, **settings)
        if self.breaks_off:
            found.write(b"half of ")
            raise ConnectionResetError("the line is dead")
        return found


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty what is in memory, wait for no pause between two attempts, and know the unsteady store."""
    Unsteady.out_of_reach = Unsteady.breaks_off = False
    fsspec.register_implementation("unsteady", Unsteady, clobber=True)
    monkeypatch.setattr(shipping, "SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(shipping, "LONGEST_PAUSE", 0.01)
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that is to happen soon."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def arrived(url: str = URL) -> list[str]:
    """Return the lines that are at an address, none where it is not there."""
    try:
        return [line.decode().strip() for line in log_source.lines(url)]
    except EvidenceError:
        return []


def spooled(spool: Path, *names: str, lines: int = 1) -> None:
    """Leave complete files in a spool, as a server does that was killed."""
    spool.mkdir(exist_ok=True)
    for name in names:
        (spool / f"{name}.jsonl").write_text(f"{name}\n" * lines)


def test_carries_and_clears(tmp_path: Path) -> None:
    """After closing, all that was added is at the address, nothing is left here, and no thread runs on."""
    lost: list[int] = []
    written: list[int] = []
    log = ShippedLog(URL, tmp_path, lost.append, written.append)
    for number in range(100):
        log.add(1, lambda number=number: f"{number}\n".encode())
    log.close()
    assert arrived() == [str(number) for number in range(100)]
    assert (list(tmp_path.iterdir()), lost, sum(written)) == ([], [], 100)
    assert not [thread for thread in threading.enumerate() if "log" in thread.name]


def test_carries_while_it_runs(tmp_path: Path) -> None:
    """A file that is old enough is finished and carried, and the log goes on in the next."""
    log = ShippedLog(URL, tmp_path, print, print, Limits(file_seconds=0.05))
    for text in ("first", "second"):
        log.add(1, lambda text=text: f"{text}\n".encode())
        until(lambda text=text: text in arrived())
    log.close()
    assert arrived() == ["first", "second"]


def test_leaves_open_files(tmp_path: Path) -> None:
    """What a server of the same spool still writes is not taken away from it."""
    writer = LogWriter(tmp_path, print)
    writer.add(1, lambda: b"of another\n")
    until(lambda: any(path.stat().st_size for path in tmp_path.iterdir()))
    spooled(tmp_path, "orphan")
    ShippedLog(URL, tmp_path, print, print).close()
    assert arrived() == ["orphan"]
    assert len(list(tmp_path.iterdir())) == 1
    writer.close()


def test_servers_share_spool(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Several servers with one spool carry every file of it once, and do not stumble over one another."""
    names = [f"{number:03}" for number in range(200)]
    spooled(tmp_path, *names)
    shippers = [Shipper(URL, tmp_path, print) for _ in range(4)]
    until(lambda: not list(tmp_path.iterdir()))
    for shipper in shippers:
        shipper.close()
    assert sorted(arrived()) == names
    assert caplog.records == []


def test_waits_until_reached(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While the address is out of reach, the server is not held up, nothing is lost, and it is said once."""
    lost: list[int] = []
    Unsteady.out_of_reach = True
    log = ShippedLog("unsteady://logs", tmp_path, lost.append, print, Limits(file_seconds=0.02))
    for text in ("first", "second"):
        log.add(1, lambda text=text: f"{text}\n".encode())
        until(lambda: caplog.records)
        time.sleep(0.1)
    Unsteady.out_of_reach = False
    until(lambda: arrived("unsteady://logs") == ["first", "second"])
    log.close()
    assert lost == []
    assert [record.message for record in caplog.records if "nobody answers" in record.message] == [caplog.messages[0]]


def test_shows_no_half_file(tmp_path: Path) -> None:
    """A transfer that breaks off leaves nothing that a reader would take for a file; the next attempt is whole."""
    spooled(tmp_path, "whole")
    Unsteady.breaks_off = True
    shipper = Shipper("unsteady://logs", tmp_path, print)
    until(lambda: shipper._failing)
    assert arrived("unsteady://logs") == []
    Unsteady.breaks_off = False
    until(lambda: arrived("unsteady://logs") == ["whole"])
    shipper.close()


def test_next_server_carries_the_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What could not be carried before the end stays, is said to, and is carried by the next server."""
    Unsteady.out_of_reach = True
    log = ShippedLog("unsteady://logs", tmp_path, print, print)
    log.add(1, lambda: b"late\n")
    log.close()
    Unsteady.out_of_reach = False
    assert f"1 files of the prediction log wait in {tmp_path}" in caplog.messages[-1]
    ShippedLog("unsteady://logs", tmp_path, print, print).close()
    assert arrived("unsteady://logs") == ["late"]


def test_full_spool_gives_up_oldest(tmp_path: Path) -> None:
    """A spool that would fill the disk loses its oldest files, and every record of them is counted."""
    lost: list[int] = []
    spooled(tmp_path, "a", "b", "c", lines=1000)
    Unsteady.out_of_reach = True
    shipper = Shipper("unsteady://logs", tmp_path, lost.append, spool_bytes=4500)
    until(lambda: lost)
    Unsteady.out_of_reach = False
    shipper.wake()
    shipper.close()
    assert lost == [1000]
    assert set(arrived("unsteady://logs")) == {"b", "c"}


# It says on its own output what it has added, so that the test knows when to kill it.
KILLED = """
import sys, time
from pathlib import Path
from gatehouse.serving.shipping import ShippedLog
log = ShippedLog(f"file://{sys.argv[2]}", Path(sys.argv[1]), print, lambda n: print("written", flush=True))
log.add(1, lambda: b"whole\\ncut in the mid")
time.sleep(60)
"""


def test_killed_server_loses_nothing(tmp_path: Path) -> None:
    """A server that is killed in the middle of a line: the next one carries all that was written, to the last byte."""
    there, command = (
        tmp_path / "there",
        [sys.executable, "-c", KILLED, str(tmp_path / "spool"), str(tmp_path / "there")],
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert arrived(f"file://{there}") == []
    ShippedLog(f"file://{there}", tmp_path / "spool", print, print).close()
    assert arrived(f"file://{there}") == ["whole", "cut in the mid"]


def test_named_by_day_of_last_record(tmp_path: Path) -> None:
    """Files lie below the day (UTC) of their last record, whenever they are carried."""
    spooled(tmp_path, "old")
    os.utime(tmp_path / "old.jsonl", (1_785_628_799, 1_785_628_799))
    ShippedLog(URL, tmp_path, print, print).close()
    assert fsspec.filesystem("memory").find("/logs") == ["/logs/here/2026-08-01/old.jsonl"]


@pytest.mark.parametrize("url", ["nowhere://bucket/log", "sftp://host/log"])
def test_refuses_unknown_address(url: str, tmp_path: Path) -> None:
    """An address that no file system takes, or whose package is not there, is said at once."""
    with pytest.raises(ConfigError, match=f"cannot be carried to {url}"):
        shipping.open_log(url, tmp_path, print, print)


def test_opens_what_is_named(tmp_path: Path) -> None:
    """A folder is written to, an address by way of a spool, and nothing where nothing is named."""
    assert shipping.open_log(None, None, print, print) is None
    for where, kind in ((tmp_path, LogWriter), (str(tmp_path), LogWriter), (URL, ShippedLog)):
        log = shipping.open_log(where, None, print, print)
        assert isinstance(log, kind)
        log.close()


def test_each_address_has_its_spool(tmp_path: Path) -> None:
    """What waits for one address is not carried to another, and a slash at the end makes no other address."""
    one, other = shipping.spool_of(URL, tmp_path), shipping.spool_of("memory://another", tmp_path)
    assert one.parent == other.parent == tmp_path
    assert one != other
    assert shipping.spool_of(f"{URL}/", tmp_path) == one
    assert shipping.spool_of(URL) != shipping.spool_of("memory://another")


def test_folder_needs_no_fsspec(tmp_path: Path) -> None:
    """A log in a folder is written and read without importing what addresses need."""
    program = (
        "import sys, pathlib; from gatehouse.serving import log_source, shipping; at = pathlib.Path(sys.argv[1]);"
        "log = shipping.open_log(at, None, print, lambda n: None); log.add(1, lambda: b'x\\n'); log.close();"
        "print(list(log_source.lines(at)), 'fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], text=True, capture_output=True, timeout=60)
    assert done.stdout == "[b'x\\n'] False\n", done.stderr
