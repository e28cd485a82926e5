import gc
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tumours
from serving.conftest import CLEAN

from gatehouse.bundle import MODEL, Bundle
from gatehouse.config import Config
from gatehouse.serving import prediction_log
from gatehouse.serving import server as servers
from gatehouse.serving.server import LIMITS
from gatehouse.serving.service import Settings
from gatehouse.targets import server_environment

BODY = json.dumps(tumours.ROW)


def until_closed(port: int) -> list[int]:
    """Ask on one connection until the server asks to close it, and return the statuses; a lost request raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    statuses = []
    while True:
        connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        if answer.getheader("connection") == "close":
            connection.close()
            return statuses


def test_garbage_is_sought_seldom() -> None:
    """What was loaded is left alone, and a call of the model makes fewer new objects than are looked through."""
    before = gc.get_threshold()
    try:
        servers.settle()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == (servers.YOUNG, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_limits_are_those_of_the_settings() -> None:
    """What the settings say to a server is what it reads, with the same values where neither is told anything."""
    told = server_environment.of(Config())
    read = {f"GATEHOUSE_{limit.name.upper()}": str(limit.default) for limit in LIMITS if limit.name != "drain_seconds"}
    assert told == {**read, "GATEHOUSE_LOG_SHARE": "1.0", "GATEHOUSE_RECALLED_ANSWERS": "2000"}
    assert {limit.name: getattr(Settings(Path()), limit.name, limit.default) for limit in LIMITS} == {
        limit.name: limit.default for limit in LIMITS
    }


def test_stop_loses_nothing(start: Callable[..., Any], bundle: Bundle) -> None:
    """Under load, SIGTERM loses neither a request nor a record of the log, and the process ends with 0."""
    server = start(bundle.path)
    with ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(until_closed, server.port) for _ in range(8)]
        time.sleep(0.5)
        assert server.stop() == 0
        statuses = [status for client in asked for status in client.result()]
    assert set(statuses) == {200}
    assert len(statuses) > 8
    assert len(prediction_log.read(server.log)) == len(statuses)


def test_drains_until_second_signal(start: Callable[..., Any], bundle: Bundle) -> None:
    """Told to stop, a server says that it is not ready, and goes on answering; told again, it ends at once."""
    server = start(bundle.path, "--drain-seconds", "60")
    server.process.send_signal(signal.SIGINT)
    while server.ask("/readyz")[0] == 200:
        time.sleep(0.01)
    status, headers, _ = server.ask("/predict", BODY.encode())
    assert (status, headers["connection"]) == (200, "close")
    assert server.ask("/healthz")[0] == 200
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 10


def test_finishes_slow_request(start: Callable[..., Any], bundle: Bundle) -> None:
    """A request that is being answered when the drain window ends is answered."""
    server = start(bundle.path, "--drain-seconds", "0", "--delay-ms", "800", module="gatehouse.stages.faulty_server")
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(server.predict(tumours.ROW)[0]))
    slow.start()
    time.sleep(0.3)
    assert server.stop() == 0
    slow.join()
    assert answers == [200]


TOLD_EARLY = """
import argparse, os, signal, sys, weakref
from gatehouse.serving import server

class Namespace(argparse.Namespace):
    def __getattribute__(self, name):
        if name == "page":
            doomed = set()
            callback = weakref.ref(doomed, lambda _: [os.kill(os.getpid(), signal.SIGTERM), *map(str, range(9))])
            del doomed
        return super().__getattribute__(name)

parser = argparse.ArgumentParser()
server.arguments(parser)
sys.exit(server.main(Namespace(**vars(parser.parse_args()))))
"""


def test_early_signal_is_not_lost(bundle: Bundle) -> None:
    """A signal that comes while the server starts ends it, also where Python ignores what is raised."""
    command = [sys.executable, "-c", TOLD_EARLY, "--bundle", bundle.path, "--port", "0"]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60, env=CLEAN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_refusal_is_no_traceback(own_bundle: Bundle) -> None:
    """A command that cannot serve ends with 2 and one line."""
    (own_bundle.path / MODEL).write_bytes(b"")
    command = [sys.executable, "-m", "gatehouse.serving", "--bundle", own_bundle.path]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("model.skops in the bundle")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("file", ["model.skops", "schema.json", "profile.json", "model_card.md"])
def test_refuses_changed_bundle(refused: Callable[..., str], own_bundle: Bundle, file: str) -> None:
    """A bundle that was changed after training is not served."""
    with (own_bundle.path / file).open("ab") as stream:
        stream.write(b" ")
    assert f"{file} in the bundle at {own_bundle.path} was changed" in refused("--bundle", own_bundle.path)


def test_refuses_other_bundle(refused: Callable[..., str], bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound bundle that is not the one of the environment is not served."""
    monkeypatch.setenv("GATEHOUSE_BUNDLE", str(bundle.path))
    monkeypatch.setenv("GATEHOUSE_BUNDLE_DIGEST", "0" * 64)
    assert "and 000000000000 was expected" in refused("--port", 0)


def test_refuses_missing_bundle(refused: Callable[..., str], tmp_path: Path) -> None:
    """A bundle that is not there, or not named, is said."""
    assert "There is no model bundle at" in refused("--bundle", tmp_path)
    assert "--bundle or GATEHOUSE_BUNDLE" in refused()


def test_refuses_missing_model(refused: Callable[..., str], own_bundle: Bundle) -> None:
    """A bundle without its model is said."""
    (own_bundle.path / MODEL).unlink()
    assert "has no model.skops" in refused("--bundle", own_bundle.path)


def test_refuses_taken_port(refused: Callable[..., str], bundle: Bundle) -> None:
    """A port that another server has is said, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused("--bundle", bundle.path, "--port", port)
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in said
    assert "0 for any free one" in said


def test_refuses_foreign_address(refused: Callable[..., str], bundle: Bundle) -> None:
    """An address that is not this machine's is said."""
    assert "Cannot listen on 192.0.2.1" in refused("--bundle", bundle.path, "--host", "192.0.2.1")
    assert "Cannot listen on no such host" in refused("--bundle", bundle.path, "--host", "no such host")


def test_refuses_unwritable_log(refused: Callable[..., str], bundle: Bundle, tmp_path: Path) -> None:
    """A log that cannot be written is said before anything is served."""
    (tmp_path / "file").touch()
    assert "cannot be written" in refused("--bundle", bundle.path, "--port", 0, "--log", tmp_path / "file")


@pytest.mark.parametrize(
    ("argument", "value"),
    [("--port", "http"), ("--port", "70000"), ("--port", "1.5"), ("--maximum-rows", "0"), ("--drain-seconds", "nan")],
)
def test_refuses_wrong_numbers(refused: Callable[..., str], bundle: Bundle, argument: str, value: str) -> None:
    """A number that is none, or out of its range, is said with the range."""
    assert f"{argument} is '{value}'" in refused("--bundle", bundle.path, argument, value)


@pytest.mark.parametrize(("way", "told"), [("on", "/ is a page to try it, "), ("off", "/docs says how to ask.")])
def test_says_where_it_serves(start: Callable[..., Any], bundle: Bundle, way: str, told: str) -> None:
    """Who starts a server sees the model's version and the address, once requests are taken."""
    server = start(bundle.path, "--page", way)
    assert server.stop() == 0
    assert server.process.stderr.read().startswith(f"Model 1.2.0 is served: http://127.0.0.1:{server.port}{told}")
