import sys
import time
from collections.abc import Iterator

import pytest

from gatehouse.errors import TargetError
from gatehouse.targets import waiting
from gatehouse.targets.processes import Processes

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def processes(tmp_path) -> Iterator[Processes]:
    """Return the processes of a folder, all of which are stopped in the end."""
    processes = Processes(tmp_path)
    yield processes
    for name in processes.names():
        processes.stop(name, 0)


def test_process_runs_until_stopped(processes):
    """A process runs, is known by its facts, and ends when it is told to."""
    processes.start("server", SLEEP, colour="blue")
    assert processes.running("server")
    assert processes.about("server")["colour"] == "blue"
    processes.stop("server", 5)
    assert not processes.running("server")


def test_other_program_sees_it(processes, tmp_path):
    """Whoever knows the folder knows what runs, and can stop it."""
    processes.start("server", SLEEP)
    other = Processes(tmp_path)
    assert other.running("server")
    other.stop("server", 5)
    assert not processes.running("server")


def test_second_start_refused(processes):
    """A name is one process."""
    processes.start("server", SLEEP)
    with pytest.raises(TargetError, match="runs already"):
        processes.start("server", SLEEP)


def test_stubborn_process_is_killed(processes):
    """A process that ignores the request to end is killed when its time is over."""
    processes.start("server", STUBBORN)
    processes.wait("server", lambda: processes.tail("server") == "up", 5, "print")
    processes.stop("server", 0.2)
    assert not processes.running("server")


def test_crash_is_noticed(processes):
    """Waiting for a process that ends is an error with what it printed."""
    processes.start("server", [sys.executable, "-c", "raise SystemExit('no model here')"])
    with pytest.raises(TargetError, match=r"ended before it could listen(.|\n)*no model here"):
        processes.wait("server", lambda: False, 5, "listen")


def test_recycled_number_is_spared(processes, tmp_path):
    """A process number that belongs to another program by now is not signalled."""
    processes.start("bystander", SLEEP)
    processes.start("server", [sys.executable, "-c", ""])
    waiting.until(lambda: not processes.running("server"), 5, "It did not end")
    waiting.until(lambda: processes.pid("bystander") > 0, 5, "It did not note its number")
    (tmp_path / "server.pid").write_text(str(processes.pid("bystander")))
    processes.stop("server", 0)
    time.sleep(0.1)
    assert processes.running("bystander")


def test_missing_program_is_named(processes):
    """A command that does not exist is an error with its name, and leaves nothing running."""
    with pytest.raises(TargetError, match="'/no/such/server' cannot be started"):
        processes.start("server", ["/no/such/server"])
    assert not processes.running("server")


def test_unknown_process_is_nothing(processes):
    """A name that was never started does not run, and stopping it does nothing."""
    processes.stop("server", 0)
    assert (processes.running("server"), processes.about("server"), processes.tail("server")) == (False, {}, "")
