"""rollback.yml, run for real: the monthly drill on staging, and a rollback by dispatch under live traffic."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import image_registry
import pytest
from workflows.scene import BY_ACT, ROOT, Scene, cloned

from benchmarks.rollback import Bench, placed, prepared
from gatehouse import ledger, shell
from gatehouse.stages import requesting
from gatehouse.stages.traffic import Traffic

pytestmark = [*BY_ACT, pytest.mark.slow]


@dataclass(frozen=True)
class Served:
    """A clone, and the two versions that served in its production, the bad one last."""

    scene: Scene
    bench: Bench

    def production(self) -> str | None:
        """Return the digest that the registry states for the serve image tagged `production`."""
        return image_registry.digest(f"{self.scene.image}/serve:production")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a clone whose production was moved from one version to the next; all of it is removed in the end."""
    with cloned(tmp_path_factory.mktemp("act")) as scene:
        path = ROOT / "gatehouse.toml"
        config = placed(path, scene.image, str(scene.folder / "the state"))
        config = replace(config, rollout=replace(config.rollout, port=scene.port))
        with prepared(config, path, tmp_path_factory.mktemp("models"), 20.0) as bench:
            bench.registry.promote(bench.old, "for the test")
            bench.reset()
            yield Served(scene, bench)


def test_drill_leaves_production_alone(served):
    """The clock practises on staging: production's tag and traffic stay, staging is gone, and the ledger tells."""
    before = served.production()
    run = served.scene.act("schedule", "rollback.yml", variables=served.scene.on_docker)
    assert run.jobs == {"drill": "success"}, str(run)
    assert "0 of" in " ".join(check.why for check in run.verdict("drill", "drill").checks)
    assert served.production() == before
    assert requesting.version(served.scene.url)["bundle"] == served.bench.bad.bundle
    entry = ledger.read(Path(served.bench.config.store.state))[-1]
    assert (entry["event"], entry["decision"], entry["to"]["bundle"]) == ("drill", "promote", served.bench.old.bundle)
    assert "staging" not in shell.run(["docker", "ps", "--all", "--format", "{{.Names}}"])


def test_dispatch_rolls_back(served):
    """A person names a reason: traffic and tag move to the version before, no request fails, and the ledger tells."""
    with Traffic(served.scene.url, itertools.cycle(served.bench.rows), 20) as traffic:
        run = served.scene.act(
            "workflow_dispatch", "rollback.yml", "--input", "why=customers call", variables=served.scene.on_docker
        )
    assert run.jobs == {"rollback": "success"}, str(run)
    assert traffic.failures == []
    assert served.production() == served.bench.old.location.partition("@")[2]
    assert requesting.version(served.scene.url)["bundle"] == served.bench.old.bundle
    entry = served.scene.recorded[-1]
    assert (entry["event"], entry["why"].partition(" says ")[2]) == ("rollback", "rollback: customers call")


def test_senseless_dispatch_is_red(served):
    """An unknown version is red, says which there are, and nothing moves."""
    before = served.production()
    asked = ("--input", "why=customers call", "--input", "version=9.9.9")
    run = served.scene.act("workflow_dispatch", "rollback.yml", *asked, variables=served.scene.on_docker)
    assert run.jobs == {"rollback": "failure"}, str(run)
    assert "nothing to roll back to" in run.verdict("rollback", "rollback").why
    assert served.production() == before


def test_nothing_to_drill_skips(served):
    """Without a target the clock's drill is skipped, not red."""
    variables = served.scene.on_docker | {"GATEHOUSE_TARGET": "none"}
    run = served.scene.act("schedule", "rollback.yml", variables=variables)
    assert (run.code, run.jobs) == (0, {}), str(run)
