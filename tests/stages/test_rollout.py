"""The whole step: on paper for its outcomes, and on this machine with a real router for what live traffic feels."""

import argparse
import itertools
import math
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tumours
from stages.paper_target import PaperTarget, Shelf
from stages.quick import quick
from targets.test_local import Laptop, command

from gatehouse import config as settings
from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.canary.state import Phase, State, from_json
from gatehouse.errors import EvidenceError
from gatehouse.registry import connect
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import judgement, register, rollout, train
from gatehouse.stages.controller import Controller
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import local_router
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Check, Decision, Verdict
from gatehouse.verdicts import from_json as read_verdict

OLD, NEW = Release("1.0.0", "a" * 64, "/bundles/a"), Release("1.1.0", "b" * 64, "/bundles/b")


@pytest.fixture
def paper() -> PaperTarget:
    """Return a target on paper."""
    return PaperTarget()


def play(tmp_path: Path, paper: PaperTarget, release: Release, shelf: Shelf | None = None) -> Verdict:
    """Roll a release out on paper."""
    return rollout.run(
        settings.parse({"store": {"state": str(tmp_path)}, "comparison": {"bursts": 1.0}}), release,
        target=paper, registry=shelf, say=paper.events.append, now=paper.now, sleep=paper.sleep,
    )  # fmt: skip


def test_first_version_is_promoted(tmp_path, paper):
    """The first version takes all traffic at once and becomes the champion."""
    shelf = Shelf()
    verdict = play(tmp_path, paper, OLD, shelf)
    assert verdict.decision == Decision.PROMOTE
    assert shelf.champion() == OLD
    assert paper.routed.weights == {"blue": 100, "green": 0}


def test_promotion_tells_its_course(tmp_path, paper):
    """The verdict holds the timeline and the limits for the report, and can be written and read."""
    play(tmp_path, paper, OLD)
    verdict = play(tmp_path, paper, NEW)
    assert verdict.why.startswith("Version 1.1.0 has all traffic. No ceiling is broken after")
    weights = [point["weight"] for point in verdict.details["timeline"]]
    assert list(dict.fromkeys(weights)) == [0, 5, 10, 25, 50, 100]
    assert verdict.details["limits"] == {
        "error_rate": 0.05,
        "latency_p95_ms": 200.0,
        "odds_worse": pytest.approx(63.2, abs=0.1),
    }
    # The last comparison is told, and at 100 % it decides nothing any more.
    told = {check.name: check for check in verdict.checks if check.advisory}
    assert told["errors beside stable"].why == "The canary's rate of errors is below 0.02: 1,000,000,000 to 1."
    assert told["predicted class beside stable"].decision == Decision.PROMOTE
    assert (verdict.subject.bundle, verdict.subject.model_version) == (NEW.bundle, NEW.version)
    assert read_verdict(verdict.to_json()).decision == Decision.PROMOTE


def test_progress_says_what_is_waited_for(tmp_path, paper):
    """What the step waits for is shown before what is only worth knowing."""
    controller = Controller(quick(tmp_path), NEW, paper, now=paper.now)
    controller.timeline.add(controller.state, paper.now())
    checks = (
        Check("latency", Decision.HOLD, "Too few to tell.", advisory=True),
        Check("errors", Decision.HOLD, "Not settled."),
    )
    controller.state = State(Phase.BAKING, checks=checks)
    assert rollout.progress(controller).endswith("Not settled.")


def test_failing_candidate_is_rejected(tmp_path, paper):
    """A candidate that fails live is rolled back, with the reason in numbers."""
    play(tmp_path, paper, OLD)
    paper.error_share = {"1.1.0": 0.2}
    verdict = play(tmp_path, paper, NEW)
    assert verdict.decision == Decision.REJECT
    assert "more errors than stable" in verdict.why
    assert verdict.details["timeline"][-1]["weight"] == 0
    assert paper.running == {"blue": OLD}


def test_no_traffic_is_held(tmp_path, paper):
    """Without requests nothing is proven: the old version keeps its users."""
    play(tmp_path, paper, OLD)
    paper.rate = 0.0
    verdict = play(tmp_path, paper, NEW)
    assert verdict.decision == Decision.HOLD
    assert "was sent no request" in verdict.why
    assert paper.routed.weights == {"blue": 100, "green": 0}


def test_unready_candidate_is_an_error(tmp_path, paper):
    """A candidate that does not get ready was never tried, and the traffic was never touched."""
    play(tmp_path, paper, OLD)
    paper.broken = ("1.1.0",)
    verdict = play(tmp_path, paper, NEW)
    assert verdict.decision == Decision.ERROR
    assert "ended before it could get ready" in verdict.why
    assert (paper.running, paper.routed.weights) == ({"blue": OLD}, {"blue": 100, "green": 0})


def test_lost_router_rolls_back(tmp_path, paper):
    """Where nobody can look any more, the traffic goes back, and the verdict is that there is none."""
    play(tmp_path, paper, OLD)
    paper.deaf = 1000
    verdict = play(tmp_path, paper, NEW)
    assert verdict.decision == Decision.ERROR
    assert "router does not answer" in verdict.why
    assert paper.routed.weights == {"blue": 100, "green": 0}


def test_interrupt_rolls_back(tmp_path, paper):
    """Ctrl-C leaves no canary behind that nobody watches."""
    play(tmp_path, paper, OLD)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    config = settings.parse({"store": {"state": str(tmp_path)}})
    with pytest.raises(KeyboardInterrupt):
        rollout.run(config, NEW, target=paper, say=paper.events.append, now=paper.now, sleep=interrupt)
    assert (paper.running, paper.routed.weights) == ({"blue": OLD}, {"blue": 100, "green": 0})
    assert paper.state is not None
    assert from_json(paper.state).phase == Phase.ROLLED_BACK


def test_broken_state_touches_nothing(tmp_path, paper):
    """A state that cannot be read is an error, and the traffic stays where it is."""
    play(tmp_path, paper, OLD)
    paper.state = "{"
    verdict = play(tmp_path, paper, NEW)
    assert verdict.decision == Decision.ERROR
    assert "state cannot be read" in verdict.why
    assert paper.routed.weights == {"blue": 100, "green": 0}


def test_serving_version_is_promoted(tmp_path, paper):
    """What has all traffic already is good, even when the last rollout was of something else that failed."""
    play(tmp_path, paper, OLD)
    paper.error_share = {"1.1.0": 0.2}
    play(tmp_path, paper, NEW)
    verdict = play(tmp_path, paper, OLD)
    assert (verdict.decision, verdict.why) == (Decision.PROMOTE, "Version 1.0.0 has all traffic. It did so before.")


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[LocalTarget]:
    """Return a real target on which the good version has all traffic."""
    config = quick(tmp_path)
    target = LocalTarget(config, command)
    rollout.run(config, Laptop.good, target=target, say=str)
    yield target
    target.close()


def test_promotion_loses_no_request(laptop):
    """A better version takes over under live traffic, and no user notices."""
    with Traffic(laptop.url, itertools.repeat({"amount": 1.0}), 100) as traffic:
        verdict = rollout.run(laptop.config, Laptop.better, target=laptop, say=str)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert traffic.failures == []
    assert traffic.answers[-1].version == Laptop.better.version


def test_crash_rolls_back(laptop):
    """A canary whose process dies in the middle loses its traffic by itself."""
    killed = []

    def kill(line: str) -> None:
        if "baking" in line and not killed:
            killed.append(laptop.processes.pid("green-0"))
            os.kill(killed[0], signal.SIGKILL)

    with Traffic(laptop.url, itertools.repeat({"amount": 1.0}), 100) as traffic:
        verdict = rollout.run(laptop.config, Laptop.better, target=laptop, say=kill)
        laptop_only = time.time()
        time.sleep(0.3)
    assert verdict.decision == Decision.REJECT, verdict.why
    assert [answer for answer in traffic.failures if answer.at > laptop_only] == []


@pytest.mark.parametrize(("swapped", "decision"), [(True, Decision.REJECT), (False, Decision.PROMOTE)])
def test_swapped_classes_roll_back(tmp_path, swapped, decision):
    """Real servers: a candidate that says no for yes goes back by its predictions; the same model again goes on."""
    target = LocalTarget(quick(tmp_path))
    labels = tumours.CONTRACT.labels(tumours.rows())
    fitted = tumours.estimator(np.where(labels == "yes", "no", "yes") if swapped else labels)
    models = [tumours.write(tmp_path / "old", version="1.0.0"), tumours.write(tmp_path / "new", fitted, "1.1.0")]
    old, new = (Release(model.version, model.digest, str(model.path)) for model in models)
    rows = requests.payload(tumours.rows()[labels == "no"], tumours.CONTRACT)
    rollout.run(target.config, old, target=target, say=str)
    with Traffic(target.url, itertools.cycle(rows), 50):
        verdict = rollout.run(target.config, new, target=target, expected={CLASS: 0.0, VALUE: 0.0}, say=str)
    target.close()
    assert verdict.decision == decision, verdict.why
    assert not swapped or "differs from stable's by a PSI of" in verdict.why


def test_router_crash_rolls_back(laptop):
    """When the router dies in the middle, it comes back with the old version alone behind it."""

    def kill(line: str) -> None:
        if "baking" in line:
            laptop.processes.stop(local_router.NAME, 0)

    verdict = rollout.run(laptop.config, Laptop.better, target=laptop, say=kill)
    assert verdict.decision == Decision.ERROR
    assert laptop.routing().weights == {"blue": 100, "green": 0}
    assert not laptop.processes.running("green-0")


def test_killed_program_is_continued(laptop):
    """Another program takes a real rollout up where the first one fell."""
    first = Controller(laptop.config, Laptop.better, laptop)
    first.attach()
    first.tick()
    assert laptop.routing().weights == {"blue": 80, "green": 20}
    second = LocalTarget(laptop.config, command, stays=True)
    with Traffic(laptop.url, itertools.repeat({"amount": 1.0}), 100) as traffic:
        verdict = rollout.run(laptop.config, Laptop.better, target=second, say=str)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert traffic.failures == []


def arguments(verdict: Path, *, down: bool = False) -> argparse.Namespace:
    """Return a parsed command line."""
    return argparse.Namespace(verdict=verdict, down=down, attach=False, minutes=math.inf)


def test_challenger_needs_its_verdict(own, tmp_path):
    """Only a registered challenger whose own gate let it through is rolled out; without a target it is champion."""
    config = replace(own.config, rollout=replace(own.config.rollout, target="none"))
    gate = tmp_path / "gate.json"
    with pytest.raises(EvidenceError, match="no challenger"):
        rollout.main(config, arguments(gate))
    good = judgement.make("gate", [Check("f1", Decision.PROMOTE, "As good.")], subject=train.subject(own.bundle))
    gate.write_text(good.to_json())
    (tmp_path / "check_serving.json").write_text(replace(good, step="check_serving").to_json())
    register.run(config, own.bundle, gate)
    with pytest.raises(EvidenceError, match="no verdict of gate"):
        rollout.main(config, arguments(tmp_path / "none.json"))
    rejected = replace(good, checks=(Check("f1", Decision.REJECT, "It is worse."),))
    (tmp_path / "worse.json").write_text(rejected.to_json())
    with pytest.raises(EvidenceError, match="It is worse"):
        rollout.main(config, arguments(tmp_path / "worse.json"))
    with pytest.raises(EvidenceError, match="no verdict of staging"):
        rollout.main(own.config, arguments(gate))
    assert connect(config).champion() is None
    assert rollout.main(config, arguments(gate)).decision == Decision.PROMOTE
    champion = connect(config).champion()
    assert champion is not None
    assert champion.bundle == own.bundle.digest


def test_down_removes_everything(tmp_path):
    """The step that took a target up takes it down again."""
    config = quick(tmp_path)
    target = LocalTarget(config, command, stays=True)
    rollout.run(config, Laptop.good, target=target, say=str)
    assert rollout.main(config, arguments(tmp_path, down=True)).decision == Decision.PROMOTE
    assert not target.folder.exists()
    for name in ("blue-0", "router"):
        assert not target.processes.running(name)
        target.processes.stop(name, 0)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[LocalTarget]:
    """Return a real target on which two servers of the good version have all traffic."""
    config = quick(tmp_path)
    config = replace(config, rollout=replace(config.rollout, replicas=2))
    target = LocalTarget(config, lambda release: [*FAULTS.get(release, ()), *command(release)])
    rollout.run(config, Laptop.good, target=target, say=str)
    yield target
    target.close()


# Servers that get ready and then crash, or never answer: what starts them, before their own command.
CRASHING, SILENT = Release("2.0.0", "x", ""), Release("2.1.0", "y", "--delay 60")
FAULTS = {CRASHING: ("env", "CRASH_AFTER=3")}


def test_crews_take_over_unnoticed(crew):
    """Two servers of a better version take over from two of the one before, and no request fails."""
    with Traffic(crew.url, itertools.repeat({"amount": 1.0}), 100) as traffic:
        verdict = rollout.run(crew.config, Laptop.better, target=crew, say=str)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert (traffic.failures, crew.routing().weights) == ([], {"blue": 0, "green": 100})
    assert traffic.answers[-1].version == Laptop.better.version


@pytest.mark.parametrize("release", [CRASHING, SILENT], ids=["crash", "silence"])
def test_dead_crew_is_rolled_back(crew, release):
    """Where no server of a canary answers, the router passes none by, and its errors are the reason to go back."""
    with Traffic(crew.url, itertools.repeat({"amount": 1.0}), 50):
        verdict = rollout.run(crew.config, release, target=crew, say=str)
    assert verdict.decision == Decision.REJECT, verdict.why
    assert "errors in" in verdict.why
    assert crew.routing().weights == {"blue": 100, "green": 0}
