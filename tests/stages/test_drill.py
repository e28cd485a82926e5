"""The drill on this machine, with the real server behind a real router."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tumours
from stages.conftest import Trained
from stages.paper_target import Shelf
from stages.quick import quick

from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import ledger
from gatehouse.bundle import Bundle
from gatehouse.canary.lease import Knobs as Lease
from gatehouse.config import Window
from gatehouse.errors import ConfigError, EvidenceError, TargetError
from gatehouse.registry import connect
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import drill, rollback, staging, train
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Decision


class Folder(Shelf):
    """A registry whose releases name the folders of their bundles."""

    def fetch(self, release: Release) -> Bundle:
        """Return the bundle."""
        return bundles.read(Path(release.location), expected=release.bundle)


def made(folder: Path, version: str) -> Release:
    """Return a release of a real bundle."""
    found = tumours.write(folder / version, version=version)
    return Release(version, found.digest, str(found.path))


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LocalTarget]:
    """Return staging's target, whose processes end with the test."""
    # The lease of a real rollout: each step must let go of it.
    config = replace(quick(tmp_path), lease=Lease())
    target = LocalTarget(staging.beside(config, str(tmp_path)))
    yield target
    target.close()


def play(target: LocalTarget, champion: Release, before: Release) -> Decision:
    """Practise with two releases."""
    calls = requests.payload(tumours.rows().head(20), tumours.CONTRACT)
    ask = rollback.answering(target.config, Folder())
    return drill.run(target.config, target, champion, before, ask, calls).decision


def test_version_before_takes_over(target, tmp_path):
    """Both versions really serve, the older takes over from the newer, and no request fails."""
    assert play(target, made(tmp_path, "1.1.0"), made(tmp_path, "1.0.0")) == Decision.PROMOTE
    assert target.folder.name == "local-staging"


@pytest.fixture
def champions(own: Trained, tmp_path: Path) -> Trained:
    """Return a registry in which one champion has followed another."""
    config = replace(quick(tmp_path / "state"), workload=own.config.workload)
    registry = connect(config)
    for seed in (0, 1):
        assert drill.main(config, None).decision == Decision.HOLD
        train.run(config, own.found, Window(), tmp_path / str(seed), seed=seed)
        registry.promote(registry.register(bundles.read(tmp_path / str(seed))), "for the test")
    return replace(own, config=config, bundle=bundles.read(tmp_path / "1"))


def test_drill_touches_no_production(champions):
    """As the clock starts it: the champion stays, nothing is left running, and the ledger tells of it."""
    verdict = drill.main(champions.config, None)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    state = Path(champions.config.store.state)
    entry = ledger.read(state)[-1]
    assert (entry["event"], entry["from"]["bundle"]) == ("drill", champions.bundle.digest)
    assert connect(champions.config).champion().bundle == champions.bundle.digest
    assert not list(state.glob("local*"))


def test_champion_alone_goes_back(champions):
    """Without a target the champion before takes the name again, once it has answered; a name must be known."""
    config = replace(champions.config, rollout=replace(champions.config.rollout, target="none"))
    with pytest.raises(EvidenceError, match="does not know version 9"):
        rollback.main(config, argparse.Namespace(why="wrong sums", to="9.9.9"))
    verdict = rollback.main(config, argparse.Namespace(why="wrong sums", to=""))
    assert verdict.decision == Decision.PROMOTE
    champion = connect(config).champion()
    assert champion is not None
    assert champion.bundle == bundles.read(Path(config.store.state).parent / "0").digest
    assert [entry["event"] for entry in ledger.read(Path(config.store.state))][-2:] == ["promotion", "rollback"]


def test_failed_drill_is_recorded(champions):
    """A drill that could not be made is in the ledger, too, with its reason."""
    config = replace(champions.config, rollout=replace(champions.config.rollout, start_seconds=0.001))
    with pytest.raises(TargetError):
        drill.main(config, None)
    entry = ledger.read(Path(config.store.state))[-1]
    assert (entry["event"], entry["decision"]) == ("drill", "error")


def test_no_target_has_no_drill(tmp_path):
    """Where nothing serves there is nothing to practise on."""
    with pytest.raises(ConfigError, match="no traffic to take back"):
        drill.main(settings.parse({"rollout": {"target": "none"}, "store": {"state": str(tmp_path)}}), None)
