"""The guardian on paper, with a clock that is turned by hand, and as a process beside real servers."""

import errno
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pipeline_image
import pytest
from stages.paper_target import PaperTarget, Shelf
from stages.quick import quick
from targets.test_docker import Host
from targets.test_local import Laptop, command

from gatehouse import config as settings
from gatehouse import ledger
from gatehouse.canary import state as states
from gatehouse.canary.state import Phase, State
from gatehouse.errors import ConfigError, TargetError
from gatehouse.release import Release
from gatehouse.stages import guard, rollout
from gatehouse.stages.controller import Controller
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import Target, docker, waiting
from gatehouse.targets.local import GUARDIAN, LocalTarget
from gatehouse.verdicts import Decision, Verdict

WATCHED = {"rollout": {"guardian": "process"}, "lease": {"seconds": 5.0}}
OLD, NEW, NEWER = (Release(f"1.{minor}.0", mark * 64, "x") for minor, mark in enumerate("abc"))


class Town:
    """A target on paper that serves the old version, its registry, and who comes to look."""

    def __init__(self, folder: Path) -> None:
        steps = {"steps": [10, 50, 100], "bake_seconds": 5.0}
        sections = {"store": {"state": str(folder)}, "steps": steps, "comparison": {"bursts": 1.0}}
        self.config = settings.parse({**sections, "rollout": {"guardian": "train:1"}})
        self.target, self.shelf, self.said = PaperTarget(), Shelf(), list[str]()
        self.roll_out(OLD)

    def roll_out(self, release: Release, minutes: float = float("inf")) -> Verdict:
        """Roll a release out, for so many minutes."""
        paper = self.target
        return rollout.run(
            self.config, release, target=paper, registry=self.shelf, say=self.said.append,
            now=paper.now, sleep=paper.sleep, minutes=minutes,
        )  # fmt: skip

    def guard(self, seconds: float) -> None:
        """Let a guardian watch for so long."""
        paper = self.target
        end = paper.clock + seconds
        guard.watch(self.config, paper, paper.sleep, lambda: paper.clock >= end, self.said.append, now=paper.now)

    @property
    def state(self) -> State:
        """The state beside the traffic."""
        assert self.target.state is not None
        return states.from_json(self.target.state)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Return a place where the old version has all traffic."""
    return Town(tmp_path)


def test_guardian_stands_first(town):
    """The guardian is there before anything else, and who begins a canary stays until that has started."""
    assert town.target.events == ["guard train:1", "start blue 1.0.0", "weigh 100-0"]
    town.target.events.clear()
    town.roll_out(NEW, 0.0)
    assert town.target.events == ["guard train:1", "start green 1.1.0", "weigh 90-10"]


def test_good_canary_is_carried_on(town):
    """Who began it leaves, with `hold`; the guardian brings it to 100 %, and the registry is told by who attaches."""
    left = town.roll_out(NEW, 0.0)
    assert (left.decision, town.shelf.champion()) == (Decision.HOLD, OLD)
    assert "Version 1.1.0 is baking at 10 % beside version 1.0.0. It goes on" in left.why
    town.guard(60)
    assert (town.target.routed.weights, town.state.settled) == ({"blue": 0, "green": 100}, False)
    ended = town.roll_out(NEW)
    assert (ended.decision, town.shelf.champion(), town.state.over) == (Decision.PROMOTE, NEW, True)
    assert "Version 1.1.0 has all traffic. No ceiling is broken" in ended.why


def test_who_waited_in_vain_is_told(town):
    """Whose time ended behind another program's rollout hears that its own has not begun."""
    paper = town.target
    ahead = Controller(town.config, NEW, paper, town.shelf, paper.now)
    ahead.attach()
    ahead.tick()
    left = town.roll_out(NEWER, 0.0)
    assert left.decision == Decision.HOLD
    assert "Version 1.1.0 is baking at 10 % beside version 1.0.0. 1.2.0 waits, and has not begun" in left.why
    assert list(paper.running) == ["blue", "green"]


def test_bad_canary_is_rolled_back(town):
    """Nobody but the guardian looks, and it takes the traffic away; who attaches tells the evidence and the ledger."""
    town.target.error_share = {"1.1.0": 0.4}
    town.roll_out(NEW, 0.0)
    town.guard(30)
    assert (town.target.routed.weights, list(town.target.running)) == ({"blue": 100, "green": 0}, ["blue"])
    ended = town.roll_out(NEW)
    assert (ended.decision, town.state.phase, town.shelf.champion()) == (Decision.REJECT, Phase.ROLLED_BACK, OLD)
    assert "errors beside stable" in {check.name for check in ended.checks}
    (entry,) = [each for each in ledger.read(Path(town.config.store.state)) if each["event"] == "rollback"]
    assert "more errors than stable" in entry["why"]


def gone(_: str) -> None:
    """Say something where nobody is: the terminal was closed, or the disk of the output is full."""
    raise OSError(errno.EIO, "Input/output error")


def test_unheard_program_leaves_its_canary(town):
    """Who began it and lost its terminal, as under a workflow that is killed, leaves it to the guardian."""
    paper = town.target
    left = rollout.run(town.config, NEW, target=paper, registry=town.shelf, say=gone, now=paper.now, sleep=paper.sleep)
    assert (left.decision, town.state.weight, town.state.lease.until) == (Decision.HOLD, 10, 0)
    town.guard(60)
    assert town.target.routed.weights == {"blue": 0, "green": 100}


def test_unheard_guardian_goes_on(town):
    """A guardian whose words find no room, on a full disk say, guards all the same."""
    town.target.error_share = {"1.1.0": 0.4}
    town.roll_out(NEW, 0.0)
    paper, end = town.target, town.target.clock + 30
    guard.watch(town.config, paper, paper.sleep, lambda: paper.clock >= end, gone, now=paper.now)
    assert paper.clock >= end
    assert (paper.routed.weights, list(paper.running)) == ({"blue": 100, "green": 0}, ["blue"])


@pytest.mark.parametrize(("silent", "shares"), [(2, {"blue": 0, "green": 100}), (3, {"blue": 100, "green": 0})])
def test_short_silence_is_survived(town, silent, shares):
    """A target that is silent for two looks costs a good canary nothing, and one that is for a third all."""
    town.roll_out(NEW, 0.0)
    paper, begun = town.target, town.target.clock

    def sleep(seconds: float) -> None:
        paper.sleep(seconds)
        paper.silent = silent if paper.clock == begun + 2 else paper.silent

    guard.watch(town.config, paper, sleep, lambda: paper.clock >= begun + 60, town.said.append, now=paper.now)
    assert paper.routed.weights == shares


def test_deaf_router_ends_it(town):
    """A router that cannot be looked at any more costs the canary its traffic."""
    town.roll_out(NEW, 0.0)
    town.target.deaf = 3
    town.guard(5)
    assert town.target.routed.weights == {"blue": 100, "green": 0}
    assert town.state.phase == Phase.ROLLED_BACK


def test_deaf_router_ends_the_next_one_too(town):
    """So it does to the next canary under the same guardian, of which no look succeeds at all."""
    paper, newer = town.target, Release("1.2.0", "c" * 64, "x")

    def sleep(seconds: float) -> None:
        paper.sleep(seconds)
        if town.state.phase == Phase.ROLLED_BACK and newer not in paper.running.values() and not paper.deaf:
            town.roll_out(newer, 0.0)
            paper.deaf = 1000

    town.roll_out(NEW, 0.0)
    paper.deaf, end = 3, paper.clock + 60
    guard.watch(town.config, paper, sleep, lambda: paper.clock >= end, town.said.append, now=paper.now)
    assert [one.release for one in town.state.history if one.phase == Phase.ROLLED_BACK] == [newer]
    assert paper.routed.weights == {"blue": 100, "green": 0}


def test_lost_state_is_survived(town):
    """A state that cannot be read is said, and the guardian goes on looking."""
    whole, town.target.state = town.target.state, "{"
    town.guard(1)
    assert "cannot be read" in town.said[-2]
    town.target.state = whole
    town.guard(1)
    assert town.said[-1] == "The last rollout is over (promoted): version 1.0.0 has all traffic."


def test_rest_is_remembered(town):
    """Between rollouts it watches stable's bursts, and keeps nobody else out."""
    town.guard(600)
    assert len(town.state.watched.windows) >= 9
    assert town.state.lease.until == 0


def test_no_target_is_an_error():
    """Where nothing serves there is nothing to guard."""
    with pytest.raises(ConfigError, match="no place to roll out to"):
        guard.main(settings.parse({"rollout": {"target": "none"}}), None)


def test_process_promotes_alone(tmp_path):
    """On this machine the guardian is a process: it carries a canary on, survives who began it, and ends with all."""
    config = quick(tmp_path, **WATCHED)
    target = LocalTarget(config, command, stays=True)
    try:
        rollout.run(config, Laptop.good, target=target, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60) as traffic:
            begun = rollout.run(config, Laptop.better, target=target, say=str, minutes=0.0)
            promoted(target, lambda: target.processes.tail(GUARDIAN))
        assert target.routing().weights == {"blue": 0, "green": 100}
        assert begun.decision == Decision.HOLD
        assert traffic.failures == []
        assert rollout.run(config, Laptop.better, target=target, say=str).decision == Decision.PROMOTE
    finally:
        pid = target.processes.pid(GUARDIAN)
        target.remove()
    waiting.until(lambda: not alive(pid), 10, "The guardian lives on")


def promoted(target: Target, said: Callable[[], str]) -> None:
    """Wait until the guardian, which `said` something, has brought the canary to its end."""
    try:
        waiting.until(lambda: states.from_json(target.load() or "").phase == Phase.PROMOTED, 120, "It was not promoted")
    except TargetError as error:
        pytest.fail(f"{error} The guardian said: {said()}")


def alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_killed_guardian_is_replaced(tmp_path):
    """A guardian that was killed keeps nobody out for longer than its lease, and the next program starts another."""
    config = quick(tmp_path, **WATCHED)
    target = LocalTarget(config, command)
    rollout.run(config, Laptop.good, target=target, say=str)
    dead = target.processes.pid(GUARDIAN)
    os.killpg(dead, signal.SIGKILL)
    waiting.until(lambda: not target.processes.running(GUARDIAN), 10, "It cannot be killed")
    with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60):
        time.sleep(0.2)
        verdict = rollout.run(config, Laptop.better, target=target, say=str)
    assert verdict.decision == Decision.PROMOTE
    assert target.processes.pid(GUARDIAN) != dead
    target.close()


def test_attach_begins_nothing(tmp_path):
    """Where nothing is under way, attaching says so and is no failure: a scheduled run does it every hour."""
    target = {"target": "local"}
    config = settings.parse({"store": {"state": str(tmp_path)}, "rollout": target})
    verdict = rollout.attach(config, Shelf(), 1.0)
    assert (verdict.decision, verdict.why) == (Decision.PROMOTE, "No rollout is under way.")
    none = settings.parse({"rollout": {"target": "none"}})
    assert rollout.attach(none, Shelf(), 1.0).decision == Decision.PROMOTE


def test_attach_carries_on(tmp_path):
    """What somebody else began is brought to its end, and the registry hears of it."""
    config = quick(tmp_path, **WATCHED)
    shelf, target = Shelf(), LocalTarget(config, command, stays=True)
    try:
        rollout.run(config, Laptop.good, target=target, registry=shelf, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60):
            rollout.run(config, Laptop.better, target=target, say=str, minutes=0.0)
            verdict = rollout.attach(config, shelf, 1.0)
        assert verdict.decision == Decision.PROMOTE, verdict.why
        assert shelf.champion() == Laptop.better
    finally:
        target.remove()


@pytest.fixture(scope="module")
def pipeline() -> Iterator[str]:
    """Return the image with the pipeline, which guards too."""
    with pipeline_image.built() as name:
        yield name


@pytest.mark.docker
def test_container_promotes_alone(tmp_path, pipeline):
    """On a Docker host the guardian is a container: it brings a canary to its end while nobody else looks."""
    config = quick(tmp_path, **WATCHED)
    config = replace(config, rollout=replace(config.rollout, target="docker", guardian=pipeline))
    host = Host(config)
    config = replace(config, registry=replace(config.registry, image=host.project))
    target = docker.of(config)
    try:
        rollout.run(config, host.good, target=target, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60) as traffic:
            begun = rollout.run(config, host.better, target=target, say=str, minutes=0.0)
            promoted(target, lambda: target.engine.find(target.names.guardian).logs(tail=20).decode())
        assert begun.decision == Decision.HOLD
        assert traffic.failures == []
        assert rollout.run(config, host.better, target=target, say=str).decision == Decision.PROMOTE
    finally:
        target.remove()
        target.close()
        host.clean()
