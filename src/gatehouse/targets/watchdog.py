"""Stops a folder's processes when the program that started them is gone, even when it was killed.

It runs beside them with a pipe as its input, and nothing is ever written there: the pipe ends with its writer.
"""

import subprocess
import sys
from pathlib import Path

from gatehouse.targets.processes import Processes

SECONDS = 5.0


class Watchdog:
    """A watch over a folder's processes, until it is closed or this program is gone."""

    def __init__(self, processes: Processes) -> None:
        command = [sys.executable, "-P", "-m", __name__, str(processes.folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def close(self) -> None:
        """Stop what is left, and end the watch."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()


def main(folder: str) -> None:
    """Wait until the starter is gone, and stop everything that is left."""
    sys.stdin.read()
    processes = Processes(Path(folder))
    for name in processes.names():
        processes.stop(name, SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
