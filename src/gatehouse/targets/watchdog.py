"""Stops a folder's processes when the program that started them is gone, even when it was killed.

It is started beside them with a pipe as its input, and nothing is ever written there: the pipe ends with its writer.
"""

import sys
from pathlib import Path

from gatehouse.targets.processes import Processes

NAME = "watchdog"
SECONDS = 5.0


def main(folder: str) -> None:
    """Wait until the starter is gone, and stop everything that is left."""
    sys.stdin.read()
    processes = Processes(Path(folder))
    for name in processes.names():
        processes.stop(name, SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
