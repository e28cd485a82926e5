"""Stops a folder's processes when the program that started them is gone, even when it was killed, and clears up.

It runs beside them with a pipe as its input, and nothing is ever written there: the pipe ends with its writer.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from gatehouse.targets.processes import Processes

SECONDS = 5.0


class Watchdog:
    """A watch over a folder's processes, until it is closed or this program is gone; then a folder is `forgotten`."""

    def __init__(self, processes: Processes, forgotten: Path | None = None) -> None:
        command = [sys.executable, "-P", "-m", __name__, str(processes.folder)]
        command += [str(forgotten)] if forgotten else []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def close(self) -> None:
        """Stop what is left, and end the watch."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()


def main(folder: str, forgotten: str = "") -> None:
    """Wait until the starter is gone, stop everything that is left, and remove the other folder."""
    sys.stdin.read()
    processes = Processes(Path(folder))
    for name in processes.names():
        processes.stop(name, SECONDS)
    if forgotten:
        shutil.rmtree(forgotten, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
