import itertools
import os
import re
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tumours
from targets import contract
from targets.contract import Contract, Place
from targets.crew_contract import CrewContract, Crewed

from gatehouse.bundle import Bundle
from gatehouse.canary import shadow
from gatehouse.canary.routing import Routing
from gatehouse.canary.strategy import Strategy
from gatehouse.config import Config
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import local_router, waiting
from gatehouse.targets.local import LocalTarget, serve
from gatehouse.verdicts import Decision, Verdict

SHADOW = shadow.Knobs(share=50, minimum_pairs=50, disagreement=0.2)
SERVER = Path(__file__).with_name("tiny_server.py")


def command(release: Release) -> list[str]:
    """Return the command of a tiny server; a release's location holds its arguments."""
    return [sys.executable, str(SERVER), "--version", release.version, *release.location.split()]


class Laptop(Place):
    """A folder of this machine."""

    good = Release("1.0.0", "a", "")
    better = Release("1.1.0", "b", "")
    failing = Release("1.2.0", "c", "--error-share 0.4")
    slow = Release("1.3.0", "d", "--delay 0.6")
    dead = Release("1.4.0", "e", "--die")
    heavy = Release("1.5.0", "f", "--load 3")
    small = Release("1.6.0", "g", f"--room {contract.ROOM} --delay {contract.PACE}")

    def __init__(self, config: Config) -> None:
        self.config = config

    def attach(self) -> LocalTarget:
        """Return a target whose processes stay when it is closed."""
        return LocalTarget(self.config, command, stays=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """Return a folder to roll out in."""
    return Laptop(contract.settings(str(tmp_path_factory.mktemp("state"))))


@pytest.fixture(scope="module")
def target(place: Laptop) -> Iterator[LocalTarget]:
    """Return a target whose processes end with the tests."""
    target = LocalTarget(place.config, command)
    yield target
    target.close()


class TestLocal(Contract):
    """The laptop's target keeps the contract."""


class TestCrew(CrewContract):
    """So do several servers in a slot."""

    def send(self, target: Crewed, name: str, number: signal.Signals) -> None:
        """Send a signal to a server's process."""
        assert isinstance(target, LocalTarget)
        os.kill(target.processes.pid(name), number)
        if number == signal.SIGKILL:
            waiting.until(lambda: not target.processes.running(name), 10.0, "It does not die")

    def process(self, target: Crewed, name: str) -> str:
        """Return its number."""
        assert isinstance(target, LocalTarget)
        waiting.until(lambda: target.processes.pid(name) > 0, 10.0, "It has no number")
        return str(target.processes.pid(name))


def test_dead_router_is_started_again(place, target):
    """A router that was killed comes back with the new weights, at the address that users know."""
    target.start("blue", place.good)
    target.weigh(Routing({"blue": 100}))
    before = target.url
    target.processes.stop(local_router.NAME, 0)
    with pytest.raises(TargetError, match="does not answer"):
        target.counters()
    target.weigh(Routing({"blue": 90, "green": 10}))
    assert (target.url, target.routing().weights) == (before, {"blue": 90, "green": 10})


def test_router_makes_no_certificate(place, target):
    """The router knows the certificate that it was given, so that no change of the traffic costs it a key."""
    target.start("blue", place.good)
    with urllib.request.urlopen(f"{target.router.inside.address}/metrics", timeout=5) as answer:
        named = re.findall(r'^traefik_tls_certs_not_after\{cn="([^"]*)"', answer.read().decode(), re.M)
    assert named == ["gatehouse"]


def test_clients_stay_with_their_version(place, tmp_path):
    """With sticky routing a client keeps its version while that has traffic, and is never sent where none goes."""
    with closing(LocalTarget(contract.settings(str(tmp_path), sticky=True), command)) as target:
        contract.check_clients_stay(place, target)


@pytest.mark.parametrize("sticky", [False, True])
def test_testers_follow_a_rollout(tmp_path, sticky):
    """In a rollout that goes back, testers meet the candidate while it is tried, and stable before and after."""
    config = contract.settings(str(tmp_path), sticky=sticky, drain_seconds=0.5, poll_seconds=0.2)
    with closing(LocalTarget(replace(config, **contract.QUICK), command)) as target:
        rollout.run(target.config, Laptop.good, target=target, say=str)
        met: dict[str, set[str]] = {}

        def look(line: str) -> None:
            seen = contract.ask(target, "/version", contract.TESTER)["model_version"]
            met.setdefault("baking" if "baking" in line else "other", set()).add(seen)

        look("before")
        with Traffic(target.url, contract.ROWS, 100):
            verdict = rollout.run(target.config, Laptop.failing, target=target, say=look)
        look("after")
    assert verdict.decision == Decision.REJECT
    assert met == {"baking": {Laptop.failing.version}, "other": {Laptop.good.version}}


def test_half_written_routes_cost_nothing(place, target):
    """The file that is about to be replaced may be empty, half or gone: it is not the one in force."""
    target.start("blue", place.good)
    target.weigh(Routing({"blue": 100}))
    generation = target.router.inside.generation()
    other = target.router.routes / f"traffic-{(generation + 1) % 2}.yml"
    whole = other.read_text()
    for spoilt in ("", whole[: len(whole) // 2]):
        other.write_text(spoilt)
        time.sleep(0.3)
        assert contract.version(target) == place.good.version
    other.unlink()
    time.sleep(0.3)
    assert contract.version(target) == place.good.version


def test_real_server_is_commanded():
    """Without a command of its own, the target serves the release's bundle."""
    assert serve(Release("1.0.0", "a", "/bundles/a"))[-4:] == ["-m", "gatehouse.serving", "--bundle", "/bundles/a"]


def test_missing_bundle_is_noticed(tmp_path):
    """A version whose bundle is gone could not be started again, and that is said."""
    target = LocalTarget(contract.settings(str(tmp_path)))
    target.hold(Release("1.0.0", "a", str(tmp_path)))
    with pytest.raises(TargetError, match=r"bundle of version 1\.0\.0 is gone: there is no folder"):
        target.hold(Release("1.0.0", "a", str(tmp_path / "gone")))


def test_taken_port_is_named(tmp_path):
    """A port that somebody else listens on is an error before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        target = LocalTarget(contract.settings(str(tmp_path), port=port), command)
        with pytest.raises(TargetError, match=f"Port {port} is in use"):
            target.start("blue", Laptop.good)
        target.close()
    assert target.processes.names() == []


def test_chosen_port_is_used(tmp_path):
    """Users find the model at the port of the settings; its folder is gone when all was removed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    target = LocalTarget(contract.settings(str(tmp_path), port=port), command)
    target.start("blue", Laptop.good)
    assert target.url == f"http://127.0.0.1:{port}"
    target.remove()
    assert not target.folder.exists()


def test_never_started_target_has_no_url(tmp_path):
    """Before a first version there is no address."""
    with pytest.raises(TargetError, match="roll out a first version"):
        _ = LocalTarget(contract.settings(str(tmp_path))).url


def test_unready_server_is_an_error(tmp_path):
    """A server that never listens is given up when its time is over."""
    config = contract.settings(str(tmp_path), start_seconds=1.5)
    target = LocalTarget(config, lambda _: [sys.executable, "-c", "import time; print('loading'); time.sleep(60)"])
    with pytest.raises(TargetError, match=r"'blue-0' did not listen within 1.5 s"):
        target.start("blue", Laptop.good)
    target.close()
    assert not any(map(target.processes.running, target.processes.names()))


def test_log_folder_reaches_server(tmp_path):
    """The servers are told where to log, and which bundle they must serve."""
    config = contract.settings(str(tmp_path))
    config = replace(config, store=replace(config.store, log="/logs"))
    target = LocalTarget(config, lambda _: [sys.executable, "-c", PRINT_ENVIRONMENT])
    with pytest.raises(TargetError, match=r"/logs abc 1000 1\.0"):
        target.start("blue", Release("1.0.0", "abc", ""))
    target.close()


PRINT_ENVIRONMENT = (
    "import os; names = 'LOG', 'BUNDLE_DIGEST', 'MAXIMUM_ROWS', 'LOG_SHARE';"
    "print(*(os.environ['GATEHOUSE_' + name] for name in names))"
)


def test_real_server_answers(tmp_path, bundle):
    """Two of the project's own servers behind the router log what they predict, and are drained in the end."""
    config = contract.settings(str(tmp_path), replicas=2)
    target = LocalTarget(replace(config, store=replace(config.store, log=str(tmp_path / "log"))))
    target.start("blue", Release(bundle.version, bundle.digest, str(bundle.path)))
    target.weigh(Routing({"blue": 100}))
    with Traffic(target.url, itertools.repeat(tumours.ROW), 50) as traffic:
        time.sleep(0.5)
    target.close()
    assert traffic.failures == []
    assert {answer.version for answer in traffic.answers} == {bundle.version}
    logs = [file.read_text().splitlines() for file in (tmp_path / "log").glob("*.jsonl")]
    assert (len(logs), sum(map(len, logs))) == (2, len(traffic.answers))


@pytest.fixture
def shadowed(tmp_path: Path, bundle: Bundle) -> Iterator[LocalTarget]:
    """Return a target of real servers on which a first version serves, and a shadow proves itself before a canary."""
    chain = (Strategy.SHADOW, Strategy.CANARY)
    config = replace(contract.settings(str(tmp_path), drain_seconds=0.5, poll_seconds=0.2), **contract.QUICK)
    # A busy machine refuses nobody here: what is shown is who answers, and not how fast.
    patient = replace(config.serving, maximum_lag_ms=10_000.0)
    config = replace(config, rollout=replace(config.rollout, strategy=chain), shadow=SHADOW, serving=patient)
    target = LocalTarget(config)
    rollout.run(config, Release("1.0.0", bundle.digest, str(bundle.path)), target=target, say=str)
    yield target
    target.close()


def tried(target: LocalTarget, bundle: Bundle) -> tuple[Verdict, set[str]]:
    """Return the verdict of a rollout under traffic, and which versions users met; none of them met an error."""
    rows = requests.payload(tumours.rows(), tumours.CONTRACT)
    with Traffic(target.url, itertools.cycle(rows), 60) as traffic:
        release = Release(bundle.version, bundle.digest, str(bundle.path))
        verdict = rollout.run(target.config, release, target=target, say=str)
    assert traffic.failures == []
    return verdict, {answer.version for answer in traffic.answers}


def test_swapped_shadow_serves_nobody(shadowed, tmp_path):
    """A real model with swapped classes is found out by the answers to copies: no user ever meets it."""
    labels = tumours.CONTRACT.labels(tumours.rows())
    swapped = tumours.estimator(np.where(labels == "yes", "no", "yes"))
    verdict, versions = tried(shadowed, tumours.write(tmp_path / "swapped", swapped, "2.0.0"))
    assert (verdict.decision, versions) == (Decision.REJECT, {"1.2.0"})
    assert "requests otherwise than stable" in verdict.why


def test_good_shadow_takes_over(shadowed, tmp_path):
    """A real model that answers as stable does is a canary next, and has all traffic in the end."""
    verdict, versions = tried(shadowed, tumours.write(tmp_path / "next", tumours.estimator(C=0.9), "1.3.0"))
    assert (verdict.decision, versions) == (Decision.PROMOTE, {"1.2.0", "1.3.0"}), verdict.why
    phases = [line["phase"] for line in verdict.details["history"]]
    assert phases == ["starting", "shadowing", "baking", "baking", "promoted"]
