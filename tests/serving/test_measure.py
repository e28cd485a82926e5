"""The process that times a bundle: it answers commands, says nothing else, and ends with its stdin."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tumours

from gatehouse.bundle import Bundle

# A model's own words, and those of a library in C, must not end up between the answers.
LOUD = """
import os, sys
from gatehouse.serving import measure, runtime
answer = runtime.Runtime.answer
def loud(self, rows):
    print("a model's words")
    os.write(1, b"a library's words\\n")
    return answer(self, rows)
runtime.Runtime.answer = loud
sys.exit(measure.main())
"""


@pytest.fixture(scope="module")
def process(bundle: Bundle) -> Iterator[subprocess.Popen[str]]:
    """Start a process whose model is loud, from a test that has far more memory than it."""
    ballast = np.ones(50_000_000)
    command = [sys.executable, "-P", "-c", LOUD, "--bundle", str(bundle.path), "--digest", bundle.digest]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as started:
        assert started.stdout is not None
        assert json.loads(started.stdout.readline()) == {"bundle": bundle.digest}
        del ballast
        yield started
        started.kill()


def ask(process: subprocess.Popen[str], command: Any) -> dict[str, Any]:
    """Send a command and return the answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command if isinstance(command, str) else json.dumps(command)}\n")
    process.stdin.flush()
    return dict(json.loads(process.stdout.readline()))


def test_requests_are_timed(process: subprocess.Popen[str]) -> None:
    """Requests are kept by their kind and timed one by one; after the last comes the first again."""
    rows = {"rows": [tumours.ROW] * 20}
    assert ask(process, ["bodies", "single", [json.dumps(tumours.ROW)] * 2]) == {"bodies": 2}
    assert ask(process, ["bodies", "batch", [json.dumps(rows)]]) == {"bodies": 1}
    for kind, number in (("single", 0), ("single", 7), ("batch", 3)):
        assert 0.01 < ask(process, ["time", kind, number])["ms"] < 30_000


def test_memory_is_its_own(process: subprocess.Popen[str]) -> None:
    """The peak is that of a process which serves, whatever the program that started it has had."""
    assert 30 < ask(process, ["memory"])["peak_mb"] < 390


@pytest.mark.parametrize(
    "command", ["no JSON", "[]", '["time", "other", 0]', '["time", "single"]', "3", '["bodies", "a", []]']
)
def test_wrong_command_is_named(process: subprocess.Popen[str], command: str) -> None:
    """What is no command is answered by an error, and the process goes on."""
    assert ask(process, command).keys() == {"error"}


def test_refused_request_is_named(process: subprocess.Popen[str]) -> None:
    """A request that the server would refuse is an error that says why, without its values."""
    body = json.dumps({**tumours.ROW, "area": "a secret"})
    said = ask(process, ["bodies", "bad", [body]])["error"]
    assert "$.area: expected an integer" in said
    assert "secret" not in said


def test_process_ends_with_stdin(process: subprocess.Popen[str]) -> None:
    """When nobody writes to it any more, it ends well."""
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")


def test_other_bundle_is_refused(bundle: Bundle) -> None:
    """A bundle that is not the expected one is not timed."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "gatehouse.serving.measure",
        "--bundle",
        str(bundle.path),
        "--digest",
        "0" * 64,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert "was expected" in done.stderr
