"""What every target must do with several servers of a release, proven on the real thing, under live traffic."""

import itertools
import signal
import urllib.error
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from targets import contract
from targets.contract import ROWS, Place

from gatehouse.canary.counters import CLASS
from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import Target, servers, waiting
from gatehouse.targets.docker import DockerTarget
from gatehouse.targets.local import LocalTarget

# What a server that dies may have begun: a machine that does other things at once lets requests wait.
IN_FLIGHT = 10
Crewed = LocalTarget | DockerTarget


def sized(target: Target, count: int) -> Crewed:
    """Return a target after its settings came to ask for so many servers."""
    assert isinstance(target, Crewed)
    target.config = replace(target.config, rollout=replace(target.config.rollout, replicas=count))
    return target


def told(target: Target) -> list[int]:
    """Return how many answers each server of the slot remembers."""
    return [len(each.answers) for each in target.answers("blue")]


class CrewContract(ABC):
    """The laws of a slot with several servers; `place` is a fixture of the class that derives from it."""

    @abstractmethod
    def send(self, target: Crewed, name: str, number: signal.Signals) -> None:
        """Send a signal to a server; one that it kills is gone for good when this returns."""

    def kill(self, target: Crewed, name: str) -> None:
        """Kill a server."""
        self.send(target, name, signal.SIGKILL)

    @abstractmethod
    def process(self, target: Crewed, name: str) -> str:
        """Return what stands for a server's process, and for no other that has its name later."""

    @pytest.fixture(autouse=True)
    def alone(self, target: Target) -> Iterator[None]:
        """Begin without servers, and leave one server a slot to the tests that follow."""
        target.stop("blue")
        yield
        sized(target, 1).stop("blue")

    def test_servers_share_and_add_up(self, place: Place, target: Target) -> None:
        """Two servers share a slot's requests, and what both counted and remember is the slot's."""
        sized(target, 2).start("blue", place.good)
        target.weigh(Routing({"blue": 100}))
        before = target.counters()["blue"]
        for _ in range(20):
            contract.ask(target, "/predict")
        found = target.counters()["blue"].since(before)
        assert (found.requests, found.predictions) == (20, {CLASS: {"no": 20}})
        assert told(target) == [10, 10]

    def test_killed_server_is_passed_by(self, place: Place, target: Target) -> None:
        """A server that is killed costs what it had begun and two requests more; no count is lost or taken twice."""
        crew = sized(target, 2)
        crew.start("blue", place.good)
        crew.weigh(Routing({"blue": 100}))
        before = crew.counters()["blue"]
        with Traffic(crew.url, itertools.islice(ROWS, 300), 100) as traffic:
            waiting.until(lambda: len(traffic.answers) > 50, 30.0, "No traffic came")
            looked = crew.counters()["blue"]
            self.kill(crew, "blue-0")
            unseen = crew.counters()["blue"].since(looked)
            traffic.wait()
        found = crew.counters()["blue"].since(before)
        lost = found.answered - sum(found.predictions[CLASS].values())
        assert (found.requests, found.errors) == (300, len(traffic.failures))
        assert len(traffic.failures) <= servers.FAILED + IN_FLIGHT
        assert 0 <= lost <= unseen.requests
        assert contract.ask(crew.door("blue"), "/version")["model_version"] == place.good.version

    def test_number_changes_unnoticed(self, place: Place, target: Target) -> None:
        """Servers that died come back, others join and leave under traffic, and no user notices."""
        crew = sized(target, 2)
        crew.start("blue", place.good)
        crew.weigh(Routing({"blue": 100}))
        self.kill(crew, "blue-1")
        with Traffic(crew.url, itertools.islice(ROWS, 20), 50) as traffic:
            traffic.wait()
        with Traffic(crew.url, ROWS, 60) as traffic:
            for count in (2, 3, 1, 2):
                sized(target, count).start("blue", place.good)
                traffic.mark(f"{count} servers")
                assert len(told(target)) == count
        assert traffic.answers
        assert traffic.failures == []

    def test_half_a_start_is_finished(self, place: Place, target: Target) -> None:
        """After a program that was killed when one of two servers had begun to start, the next one brings both."""
        crew = sized(target, 2)
        crew.servers.launch("blue-0", place.good)
        crew.start("blue", place.good)
        assert len(told(crew)) == 2

    def test_loading_server_is_waited_for(self, place: Place, target: Target) -> None:
        """A program that comes while another one's servers still load waits for these very servers."""
        crew = sized(target, 2)
        # There must be a router, and on Docker a network.
        crew.start("blue", place.good)
        crew.stop("blue")
        for name in servers.names("blue", 2):
            crew.servers.launch(name, place.heavy)
        before = [self.process(crew, name) for name in servers.names("blue", 2)]
        crew.start("blue", place.heavy)
        assert [self.process(crew, name) for name in servers.names("blue", 2)] == before
        assert len(told(crew)) == 2

    def test_silent_server_is_replaced(self, place: Place, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that had its time to start, and does not answer, is not waited for: another one takes its place."""
        crew = sized(target, 1)
        crew.start("blue", place.good)
        before = self.process(crew, "blue-0")
        self.send(crew, "blue-0", signal.SIGSTOP)
        hasty = replace(crew.config, rollout=replace(crew.config.rollout, start_seconds=0.1, drain_seconds=0.1))
        monkeypatch.setattr(crew.servers, "config", hasty)
        # The other one has hardly time to start.
        with suppress(TargetError):
            crew.start("blue", place.good)
        assert self.process(crew, "blue-0") != before

    def test_shedding_costs_no_capacity(self, place: Place, target: Target) -> None:
        """Two servers with half as much again as they can take answer what they can, and pass by neither of them."""
        crew = sized(target, 2)
        crew.start("blue", place.small)
        crew.weigh(Routing({"blue": 100}))
        capacity, seconds = 2 * contract.ROOM / contract.PACE, 4.0
        with Traffic(crew.url, itertools.islice(ROWS, round(1.5 * capacity * seconds)), 1.5 * capacity) as traffic:
            traffic.wait()
        answered = told(crew)
        assert {answer.status for answer in traffic.failures} == {503}
        assert sum(answered) >= 0.7 * capacity * seconds
        assert min(answered) >= 0.8 * max(answered)

    def test_stopped_slot_is_not_asked(self, place: Place, target: Target) -> None:
        """Of several servers that were stopped one address is left, where a request is an error that is counted."""
        crew = sized(target, 2)
        crew.start("blue", place.good)
        crew.weigh(Routing({"blue": 100}))
        crew.stop("blue")
        assert set(crew.servers.described().of("blue")) == {"blue-0"}
        before = crew.counters()["blue"]
        with pytest.raises(urllib.error.HTTPError, match="502"):
            contract.ask(target, "/predict")
        assert crew.counters()["blue"].since(before).errors == 1
