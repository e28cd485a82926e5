"""Runs that are there for a while, beside each other on a real engine."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import docker as engines
import pytest
from stages.quick import quick
from targets import contract, tiny_image

from gatehouse.canary.routing import Routing
from gatehouse.config import Config
from gatehouse.release import Release
from gatehouse.stages import staging
from gatehouse.targets import containers, docker, passing, waiting
from gatehouse.targets.docker import DockerTarget

pytestmark = pytest.mark.docker
TESTS = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    """Return a release of the tiny server."""
    tag = tiny_image.build(f"gatehouse-passing-{uuid.uuid4().hex[:8]}:1.0.0", "1.0.0")
    yield Release("1.0.0", "1.0.0" * 8, tag)
    client = engines.from_env()
    client.images.remove(tag)
    client.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return the settings of a repository that nobody else has."""
    return settings(tmp_path, f"passing-{uuid.uuid4().hex[:8]}")


def settings(state: Path, image: str) -> Config:
    """Return the settings of a repository by its image."""
    config = quick(state, rollout={"target": "docker"})
    return replace(config, registry=replace(config.registry, image=image))


def left(config: Config) -> list[str]:
    """Return what of a repository's staging is on the engine: containers, networks and volumes."""
    client = engines.from_env()
    name = docker.project(config.registry.image, staging.ENVIRONMENT)
    lists = (client.containers.list(all=True), client.networks.list(), client.volumes.list())
    found = [each.name for listed in lists for each in listed if each.name.startswith(name)]
    client.close()
    return found


def test_two_at_once(config, release):
    """A drill and a staging at the same minute have a version each, neither removes the other's, and nothing stays."""
    with staging.made(config) as (first, one):
        staging.serve(first, one, release)
        with staging.made(config) as (second, other):
            staging.serve(second, other, release)
            assert contract.version(one) == contract.version(other) == release.version
            assert one.url != other.url
        assert contract.version(one) == release.version
    assert left(config) == []


KILLED = """
import sys, time
from pathlib import Path
from gatehouse.release import Release
from gatehouse.stages import staging
from targets.test_passing import settings

config = settings(Path(sys.argv[1]), sys.argv[2])
with staging.made(config) as (beside, target):
    staging.serve(beside, target, Release(*sys.argv[3:]))
    print("serving", flush=True)
    time.sleep(60)
"""


def end(config: Config, release: Release, folder: Path, number: signal.Signals) -> None:
    """Have a program that has made a staging end by a signal."""
    command = [sys.executable, "-c", KILLED, str(folder), config.registry.image, *release.to_dict().values()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": TESTS}) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"serving\n"
        assert left(config)
        program.send_signal(number)


def test_cancelled_run_leaves_nothing(config, release, tmp_path):
    """A run that is told to end removes its containers, its network and its volumes first."""
    end(config, release, tmp_path, signal.SIGTERM)
    assert left(config) == []


def test_killed_run_is_cleared(config, release, tmp_path, monkeypatch):
    """What a killed run left is removed by the next one when it was silent for a while; a living one is let be."""
    end(config, release, tmp_path, signal.SIGKILL)
    assert left(config)
    monkeypatch.setattr(passing, "SILENT_SECONDS", 3.0)
    beside = staging.beside(config, str(tmp_path))
    with closing(docker.of(beside, alone=True)) as living:
        living.start("blue", release)
        waiting.until(lambda: silent(living, beside), 60, "The dead run speaks")
        living.weigh(Routing({"blue": 100}))
        with closing(docker.of(beside, alone=True)):
            assert {name.removeprefix(living.names.project)[:1] for name in left(config)} <= {"", "-"}
            assert contract.version(living) == release.version
        living.remove()
    assert left(config) == []


def silent(living: DockerTarget, beside: Config) -> bool:
    """Tell whether a run beside the living one is silent for long enough."""
    family = docker.project(beside.registry.image, staging.ENVIRONMENT)
    now, found = living.engine.now(), passing.parts(living.engine, family)
    silence = [
        (now - passing.heard(living.engine, containers.Names(project), made)).total_seconds()
        for project, made in found.items()
        if project != living.names.project
    ]
    return max(silence) > passing.SILENT_SECONDS
