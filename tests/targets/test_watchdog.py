import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.targets import waiting
from gatehouse.targets.processes import Processes
from gatehouse.targets.watchdog import Watchdog

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STARTER = """
import sys, time
from pathlib import Path
from gatehouse.targets.processes import Processes
from gatehouse.targets.watchdog import Watchdog
processes = Processes(Path(sys.argv[1]))
watchdog = Watchdog(processes)
processes.start("server", sys.argv[2:])
print(flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_lost_starter_leaves_nothing(tmp_path: Path, number):
    """When the program that started a server is gone, however it ended, the server is stopped."""
    command = [sys.executable, "-c", STARTER, str(tmp_path), *SLEEP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        processes = Processes(tmp_path)
        assert processes.running("server")
        starter.send_signal(number)
    waiting.until(lambda: not processes.running("server"), 10, "The server did not end")


def test_folder_is_forgotten(tmp_path: Path):
    """What a watch shall clear up is gone with it, and with no process left in it."""
    processes = Processes(tmp_path / "all" / "processes")
    watchdog = Watchdog(processes, tmp_path / "all")
    processes.start("server", SLEEP)
    watchdog.close()
    assert list(tmp_path.iterdir()) == []
    assert processes.children["server"].wait(10) == -signal.SIGTERM


def test_closed_watch_stops_the_rest(tmp_path: Path):
    """The end of a watch is the end of what it watched."""
    processes = Processes(tmp_path)
    watchdog = Watchdog(processes)
    processes.start("server", SLEEP)
    watchdog.close()
    assert not processes.running("server")
    processes.stop("server", 0)
