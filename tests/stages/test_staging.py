"""Staging on this machine, with the real server behind a real router."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stages.quick import quick
from stages.test_drill import Folder, made
from stages.test_guard import alive

from gatehouse import config as settings
from gatehouse.errors import ConfigError, EvidenceError, TargetError
from gatehouse.release import Release
from gatehouse.stages import rollback, rollout, staging
from gatehouse.targets import waiting
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Decision, Verdict

TESTS = str(Path(__file__).parents[1])


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LocalTarget]:
    """Return staging's target, whose processes end with the test."""
    target = LocalTarget(staging.beside(quick(tmp_path), str(tmp_path)))
    yield target
    target.close()


def play(target: LocalTarget, release: Release) -> Verdict:
    """Test a release."""
    return staging.run(target.config, target, release, rollback.answering(target.config, Folder()))


def test_good_release_passes(target, tmp_path):
    """The very digest answers as its bundle does, refuses what is no request, and the verdict is about it."""
    release = made(tmp_path, "1.0.0")
    verdict = play(target, release)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert [check.name for check in verdict.checks] == ["bundle", "parity", "bad request"]
    assert verdict.subject.bundle == release.bundle


def test_other_bundle_is_found(target, tmp_path):
    """A server that serves something else than it says never meets a user."""
    release, other = made(tmp_path, "1.0.0"), made(tmp_path, "1.1.0")
    ask = rollback.answering(target.config, Folder())
    verdict = staging.run(target.config, target, release, lambda url, _: ask(url, other))
    assert verdict.decision == Decision.ERROR
    assert "is what it should be" in verdict.why


def test_dead_release_is_an_error(target, tmp_path):
    """A release that does not start is an error with the end of its output."""
    with pytest.raises(TargetError, match="ended before it could"):
        play(target, Release("1.0.0", "a" * 64, str(tmp_path / "none")))


STAGED = """
import sys, time
from pathlib import Path
from stages.quick import quick
from gatehouse.release import Release
from gatehouse.stages import staging

with staging.made(quick(Path(sys.argv[1]))) as (settings, target):
    staging.serve(settings, target, Release(*sys.argv[2:]))
    print(target.processes.pid("blue-0"), target.processes.pid("router"), target.folder.parent, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_staging_leaves_nothing(tmp_path, number):
    """Whatever ends a staging before its time, no server, no router and no folder of it stays."""
    release = made(tmp_path, "1.0.0")
    command = [sys.executable, "-c", STAGED, str(tmp_path), release.version, release.bundle, release.location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": TESTS}) as one:
        assert one.stdout is not None
        server, router, folder = one.stdout.readline().split()
        assert (alive(int(server)), alive(int(router)), Path(folder).is_dir()) == (True, True, True)
        one.send_signal(number)
        one.wait(60)

    def gone() -> bool:
        return not (alive(int(server)) or alive(int(router)) or Path(folder).exists())

    waiting.until(gone, 30, "Something is left")


def test_rollout_asks_for_it():
    """It is asked for where staging can be made at once; on a cluster a person says that there is a namespace."""
    wanted = {target: rollout.staged(settings.parse({"rollout": {"target": target}})) for target in
              ("local", "docker", "kubernetes", "none")}  # fmt: skip
    assert wanted == {"local": True, "docker": True, "kubernetes": False, "none": False}
    cluster = {"target": "kubernetes"}
    assert rollout.staged(settings.parse({"rollout": cluster, "kubernetes": {"staging_url": "https://x"}}))
    assert rollout.staged(settings.parse({"rollout": {**cluster, "staging": "on"}}))
    assert not rollout.staged(settings.parse({"rollout": {"staging": "off"}}))


def test_nothing_to_test_is_an_error(tmp_path):
    """Without a target, and without a challenger, there is nothing to test."""
    with pytest.raises(ConfigError, match="no place to roll out to"):
        staging.tried(settings.parse({"rollout": {"target": "none"}}), Folder(), Release("1.0.0", "a" * 64, "x"))
    config = settings.parse({"store": {"state": str(tmp_path)}})
    with pytest.raises(EvidenceError, match="no challenger"):
        staging.main(config, argparse.Namespace())
