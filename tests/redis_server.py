"""A real Redis in a process of its own, on a free port."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatehouse.targets import ports


@dataclass(frozen=True)
class RedisServer:
    """A Redis that answers at a URL."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    """Give a Redis that answers and keeps nothing; the test is skipped where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: the cache in a Redis is NOT tried (apt-get install redis-server)")
    port = ports.free()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        started = RedisServer(process, f"redis://127.0.0.1:{port}")
        end = time.monotonic() + 30
        while subprocess.run(["redis-cli", "-u", started.url, "ping"], capture_output=True).stdout != b"PONG\n":
            assert time.monotonic() < end
        yield started
        process.terminate()
