"""Real servers in processes of their own, on free ports."""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tumours

from gatehouse.bundle import Bundle
from gatehouse.serving import server as server_module

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "PORT", "HOST"))}


@dataclass
class Running:
    """A server that was started."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send one request, POST when it has a body, and return status, headers and body."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent = {"content-type": "application/json"} | sent
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET" if body is None else "POST", path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def predict(self, body: Any) -> tuple[int, dict[str, Any]]:
        """Ask for predictions, and return status and document."""
        status, _, text = self.ask("/predict", json.dumps(body).encode())
        return status, json.loads(text)

    def counter(self, series: str) -> float:
        """Return a series of /metrics, 0 when it is not there."""
        lines = self.ask("/metrics")[2].decode().splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{series} ")), 0.0)

    def stop(self) -> int:
        """Stop the server and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def command(*arguments: object, module: str = "gatehouse.serving") -> list[str]:
    """Return the command line of a server, which is a module or a file."""
    program = [module] if module.endswith(".py") else ["-m", module]
    return [sys.executable, *program, *map(str, arguments)]


@contextmanager
def running(folder: Path, bundle: Path, *arguments: object, module: str = "gatehouse.serving") -> Iterator[Running]:
    """Give a server that is ready, with its log and port below `folder`."""
    port_file = folder / "port"
    ours = ("--bundle", bundle, "--log", folder / "log", "--port", 0, "--port-file", port_file, "--drain-seconds", 0.2)
    # What else the machine does shall refuse nothing.
    line = command(*ours, "--maximum-lag-ms", 5000, *arguments, module=module)
    with subprocess.Popen(line, env=CLEAN, text=True, stderr=subprocess.PIPE) as process:
        try:
            end = time.monotonic() + 60
            while not port_file.exists() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            assert port_file.exists(), process.stderr.read() if process.stderr else ""
            yield Running(process, int(port_file.read_text()), folder / "log")
        finally:
            process.kill()


@pytest.fixture(scope="session", params=["onnx", "sklearn"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a small real bundle, version 1.2.0: all that is true of a server is true with either runtime."""
    features = tumours.rows() if request.param == "onnx" else None
    written = tumours.write(tmp_path_factory.mktemp("bundle") / "bundle", features=features)
    assert written.runtime == request.param
    return written


@pytest.fixture(scope="session")
def server(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a server that the tests share: they look at differences of its counters, and do not stop it."""
    with running(tmp_path_factory.mktemp("server"), bundle.path, "--maximum-rows", 5) as started:
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return what starts a server of the test's own: `start(bundle_folder, *arguments, module=...)`."""
    with ExitStack() as stack:

        def started(bundle: Path, *arguments: object, module: str = "gatehouse.serving") -> Running:
            return stack.enter_context(running(tmp_path / "server", bundle, *arguments, module=module))

        (tmp_path / "server").mkdir()
        yield started


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """Return what starts a server that must not start, checks its exit code 2, and returns what it says."""
    handlers = {number: signal.getsignal(number) for number in server_module.SIGNALS}
    for name in set(os.environ) - set(CLEAN):
        monkeypatch.delenv(name)

    def run(*arguments: object) -> str:
        parser = argparse.ArgumentParser()
        server_module.arguments(parser)
        assert server_module.main(parser.parse_args([str(argument) for argument in arguments])) == 2
        return capsys.readouterr().err

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
