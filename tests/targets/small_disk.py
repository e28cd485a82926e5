"""A disk that can be filled: a small file system of its own, which only root can mount."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def mounted(path: Path) -> Iterator[Path]:
    """Give a disk of four megabytes, or skip the test."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root can mount a small disk, and only on Linux: it cannot be filled")
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=1777", "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    with (disk / "full").open("ab", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(4096)):
            pass
