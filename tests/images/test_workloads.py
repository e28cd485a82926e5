"""The image with other people's models: trained by the machinery as it is, served to a stranger's user."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bundled
import numpy as np
import pytest

from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import shell, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Store
from gatehouse.serving import requests, runtime
from gatehouse.stages import rows as rowsets
from gatehouse.stages import train

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]
# Asks from inside, because the container has no network.
ASK = """
import sys, urllib.error, urllib.request as r
asked = r.Request("http://127.0.0.1:8080/predict", sys.stdin.buffer.read(), {"content-type": "application/json"})
try:
    with r.urlopen(asked, timeout=20) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


def ask(container: str, body: Any) -> str:
    """Return what the server in a container answers."""
    command = ["docker", "exec", "--interactive", container, "python", "-c", ASK]
    return shell.run(command, stdin=json.dumps(body), timeout=60)


@pytest.fixture(params=bundled.WORKLOADS)
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Bundle, list[dict[str, Any]], np.ndarray]:
    """Return a workload's bundle, some held-out rows as a client sends them, and what its runtime says of them."""
    config = settings.load(ROOT / request.param, {})
    config = replace(config, store=Store(state=str(tmp_path / "state")))
    found = workload.of(config)
    window = settings.Window(since=config.data.since, until=config.data.until)
    train.run(config, found, window, tmp_path / "bundle")
    bundle = bundles.read(tmp_path / "bundle")
    rows = rowsets.of_bundle(bundle, found, config).holdout.head(50)
    answers = runtime.load(bundle).predict_table(rows)
    expected = answers.scores if answers.classes else answers.values
    return bundle, requests.payload(rows, bundle.contract), expected


@pytest.fixture
def stranger(
    trained: tuple[Bundle, Any, Any],
    container: str,
    built_of: Callable[..., Iterator[str]],
    serving: Callable[..., None],
) -> Iterator[str]:
    """Return a container of the workload's image: a user that nobody has, nothing writable, no rights, no network."""
    for image in built_of(trained[0]):
        serving(container, image, "--user", "12345:0", "--network", "none")
        yield container


def test_serves_workload(trained: tuple[Bundle, list[dict[str, Any]], np.ndarray], stranger: str) -> None:
    """The image answers held-out rows as the bundle's runtime does, refuses a wrong one, and knows its version."""
    bundle, rows, expected = trained
    answer = json.loads(ask(stranger, {"rows": rows}))
    assert answer["model_version"] == bundle.version
    scores = [
        list(row.values()) if row else value for row, value in zip(answer["scores"], answer["predictions"], strict=True)
    ]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-9)
    assert ask(stranger, {**rows[0], "no such column": 1}).startswith("422 ")
    health = json.loads(shell.run(["docker", "inspect", "--format", "{{json .Config.Healthcheck.Test}}", stranger]))
    shell.run(["docker", "exec", stranger, *health[1:]], timeout=60)
