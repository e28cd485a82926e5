"""What every target must do, proven on the real thing: a target's tests derive their class from this one."""

import http.cookiejar
import itertools
import json
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gatehouse import config
from gatehouse.canary import comparison, evidence, machine
from gatehouse.canary.counters import CLASS, SLOTS, Counters, Slot, total
from gatehouse.canary.routing import Routing
from gatehouse.config import Config
from gatehouse.errors import TakenError, TargetError
from gatehouse.release import Release
from gatehouse.stages import rollback, rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import Target, recalled, testers, waiting
from gatehouse.verdicts import Check, Decision

# A rollout of seconds; what else a test machine does shall hold nothing.
QUICK: dict[str, Any] = {
    "steps": machine.Knobs(steps=(20, 100), bake_seconds=0.3, step_budget_seconds=60.0),
    "canary": evidence.Knobs(minimum_requests=15, latency_p95_ms=1000.0),
    "comparison": comparison.Knobs(harmless_rate=0.3, same_late=1000.0, bursts=1.0, psi=1.0),
}
ROWS = itertools.repeat({"amount": 1.0})
ROOM, PACE = 3, 0.1
NO_HEADERS: Mapping[str, str] = {}
TESTER = {testers.HEADER: testers.CANDIDATE}


def settings(state: str, sections: Mapping[str, Any] | None = None, **rollout: Any) -> Config:
    """Return settings that keep everything in one folder, with other sections as they are given."""
    return config.parse({"store": {"state": state}, "rollout": {"start_seconds": 90.0, **rollout}, **(sections or {})})


class Place(ABC):
    """Somewhere to roll out to, and the releases that can be started there."""

    config: Config

    good: Release
    better: Release
    failing: Release
    slow: Release
    dead: Release
    # It takes a while to load.
    heavy: Release
    # It answers ROOM requests at once, each in PACE seconds, and sheds the rest.
    small: Release

    @abstractmethod
    def attach(self) -> Target:
        """Return a target for this place, as another program would see it."""


class Contract:
    """The laws of a target; `place` and `target` are fixtures of the class that derives from it."""

    def serve(self, target: Target, slot: Slot, release: Release) -> None:
        """Give one release all traffic."""
        target.start(slot, release)
        target.weigh(Routing({slot: 100}))

    def test_release_answers(self, place: Place, target: Target) -> None:
        """A release that was started and given the traffic answers through the router."""
        self.serve(target, "blue", place.good)
        assert version(target) == place.good.version

    def test_weights_are_read_back(self, place: Place, target: Target) -> None:
        """The router's own weights are those that were set."""
        self.serve(target, "blue", place.good)
        target.weigh(Routing({"blue": 75, "green": 25}))
        assert target.routing().weights == {"blue": 75, "green": 25}

    def test_weights_share_traffic(self, place: Place, target: Target) -> None:
        """Of a hundred requests, each slot gets its percent."""
        target.start("green", place.better)
        self.serve(target, "blue", place.good)
        target.weigh(Routing({"blue": 80, "green": 20}))
        counts = Counter(version(target) for _ in range(100))
        assert counts == {place.good.version: 80, place.better.version: 20}

    def test_errors_are_counted(self, place: Place, target: Target) -> None:
        """Each slot's requests and errors are counted, and no other's."""
        target.start("blue", place.good)
        self.serve(target, "green", place.failing)
        before = target.counters()
        with Traffic(target.url, itertools.islice(ROWS, 40), 200) as traffic:
            traffic.wait()
        after = target.counters()
        counted = after["green"].since(before["green"])
        assert (counted.requests, counted.errors) == (40, len(traffic.failures))
        assert counted.latency[1000.0] == 40
        assert 0 < counted.errors < 40
        assert after["blue"] == before["blue"]

    def test_changes_lose_no_request(self, place: Place, target: Target) -> None:
        """Starting, weighing and stopping under traffic costs nobody an answer."""
        target.stop("green")
        self.serve(target, "blue", place.good)
        with Traffic(target.url, ROWS, 150) as traffic:
            time.sleep(0.2)
            target.start("green", place.better)
            for share in (5, 10, 25, 50, 100, 0, 100):
                traffic.mark(f"{share} %")
                target.weigh(Routing({"blue": 100 - share, "green": share}))
            traffic.mark("stop")
            target.stop("blue")
            time.sleep(0.2)
        assert traffic.failures == []
        assert {answer.version for answer in traffic.answers} == {place.good.version, place.better.version}
        for moment, what in traffic.marks:
            assert traffic.around(moment, 0.2), what

    def test_door_needs_no_traffic(self, place: Place, target: Target) -> None:
        """A slot without traffic is asked through its door, and nobody counts that as a request of a user."""
        self.serve(target, "blue", place.good)
        target.start("green", place.better)
        target.weigh(Routing({"blue": 100}))
        before = {slot: counted.requests for slot, counted in target.counters().items()}
        door = target.door("green")
        assert [ask(door, path)["model_version"] for path in ("/version", "/predict")] == [place.better.version] * 2
        assert {slot: counted.requests for slot, counted in target.counters().items()} == before

    def test_tester_meets_candidate(self, place: Place, target: Target) -> None:
        """By the header a request reaches the one slot, at any weight, and nobody counts it; users' are counted."""
        target.start("green", place.better)
        self.serve(target, "blue", place.good)
        meets: list[tuple[int, Slot]] = [(0, "green"), (5, "green"), (100, "green"), (0, "blue")]
        for share, slot in meets:
            target.weigh(Routing({"blue": 100 - share, "green": share}, tested=slot))
            assert target.routing().tested == slot
            before = total(target.counters().values())
            found = {ask(target, path, TESTER)["model_version"] for path in ("/version", "/predict") for _ in range(5)}
            assert found == {(place.good if slot == "blue" else place.better).version}
            assert ask(target, "/predict")["model_version"]
            assert total(target.counters().values()).since(before).requests == 1
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(target, recalled.PATH, TESTER)

    def test_tester_is_never_turned_away(self, place: Place, target: Target) -> None:
        """Where no slot is named, and while a shadow gets copies, a tester is answered; no copy is made of it."""
        target.start("green", place.better)
        self.serve(target, "blue", place.good)
        assert target.routing().tested is None
        assert ask(target, "/predict", TESTER)["model_version"] == place.good.version
        target.weigh(Routing({"blue": 100}, {"green": 100}, "green"))
        before = target.counters()
        assert {ask(target, "/predict", TESTER)["model_version"] for _ in range(5)} == {place.better.version}
        assert ask(target, "/predict")["model_version"] == place.good.version
        waiting.until(lambda: target.counters()["green"] != before["green"], 10.0, "The copy did not come")
        assert target.counters()["green"].since(before["green"]).requests == 1

    def test_rollback_loses_no_request(self, place: Place, target: Target) -> None:
        """A version takes over and is rolled back under traffic: nobody notices, and the old one serves alone again."""
        target.remove()
        quick = replace(place.config, **QUICK)
        rollout.run(quick, place.good, target=target, say=str)
        with Traffic(target.url, ROWS, 150) as traffic:
            promoted = rollout.run(quick, place.better, target=target, say=str)
            traffic.mark("rollback")
            back = rollback.run(quick, "customers call", target, None, None, answered, say=str)
            moved = time.time()
            time.sleep(0.3)
        assert (promoted.decision, back.decision) == (Decision.PROMOTE, Decision.PROMOTE), promoted.why
        assert traffic.failures == []
        assert {answer.version for answer in traffic.answers} == {place.good.version, place.better.version}
        assert {answer.version for answer in traffic.answers if answer.at > moved} == {place.good.version}
        assert target.routing().weights == {"blue": 100, "green": 0}
        target.remove()

    def test_predictions_are_counted(self, place: Place, target: Target) -> None:
        """A slot's counters hold what its servers say of their predictions, and that is not a request of a user."""
        self.serve(target, "green", place.good)
        before = target.counters()["green"]
        for _ in range(4):
            ask(target, "/predict")
        found = target.counters()["green"].since(before)
        assert (found.requests, found.predictions) == (4, {CLASS: {"no": 4}})

    def test_mirror_is_not_seen(self, place: Place, target: Target) -> None:
        """Of every request the shadow gets a copy, which fails now and then: users see neither, until it is ended."""
        target.start("green", place.failing)
        self.serve(target, "blue", place.good)
        target.weigh(Routing({"blue": 100}, {"green": 100}))
        assert target.routing() == Routing({"blue": 100, "green": 0}, {"green": 100})
        before = target.counters()
        rows = ({"amount": float(number)} for number in range(60))
        with Traffic(target.url, rows, 100) as traffic:
            traffic.wait()
        assert traffic.failures == []
        assert {answer.version for answer in traffic.answers} == {place.good.version}

        def copied() -> Counters:
            return target.counters()["green"].since(before["green"])

        waiting.until(lambda: copied().requests >= 60, 10.0, "The copies did not come")
        assert (copied().requests, target.counters()["blue"].since(before["blue"]).requests) == (60, 60)
        assert 0 < copied().errors < 60
        self.check_join(target, 60 - copied().errors)
        target.weigh(Routing({"blue": 100}))
        assert target.routing().mirrored == {}
        assert ask(target, "/predict")["model_version"] == place.good.version
        assert copied().requests == 60

    def check_join(self, target: Target, both: int) -> None:
        """Check that the answers of both are joined by request, and that users cannot read them."""
        ours, theirs = ({told.key for server in target.answers(slot) for told in server.answers} for slot in SLOTS)
        assert len(ours & theirs) == both
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(target, recalled.PATH)

    def test_stop_drains(self, place: Place, target: Target) -> None:
        """A request that a slot has begun is answered, although the slot is told to stop meanwhile."""
        self.serve(target, "green", place.slow)
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(ask, target, "/predict")
            time.sleep(0.2)
            target.stop("green")
            assert answer.result()["model_version"] == place.slow.version

    def test_start_twice_changes_nothing(self, place: Place, target: Target) -> None:
        """A release that runs already is left alone: its users, who have no other server, notice nothing."""
        self.serve(target, "blue", place.good)
        with Traffic(target.url, ROWS, 60) as traffic:
            waiting.until(lambda: len(traffic.answers) > 5, 30, "No answers came")
            target.start("blue", place.good)
        assert traffic.failures == []

    def test_start_replaces_slot(self, place: Place, target: Target) -> None:
        """Another release takes the slot of the one before."""
        self.serve(target, "blue", place.good)
        target.start("blue", place.better)
        assert version(target) == place.better.version

    def test_dead_server_is_explained(self, place: Place, target: Target) -> None:
        """A server that ends at once is an error with the end of what it printed."""
        with pytest.raises(TargetError, match=r"get ready|listen(.|\n)*it is cursed"):
            target.start("green", place.dead)
        target.stop("green")

    def test_stop_without_server(self, place: Place, target: Target) -> None:
        """Stopping what does not run is no error."""
        self.serve(target, "blue", place.good)
        target.stop("green")
        target.stop("green")
        assert version(target) == place.good.version

    def test_state_is_kept(self, place: Place, target: Target) -> None:
        """Another program finds the state, the address and the weights as they were left."""
        self.serve(target, "blue", place.good)
        target.load()
        target.save(json.dumps({"first": "ü" * 1000}))
        target.save('{"second": 2}')
        other = place.attach()
        assert other.load() == '{"second": 2}'
        assert (other.url, other.routing()) == (target.url, target.routing())
        other.close()

    def test_second_writer_is_told(self, place: Place, target: Target) -> None:
        """Of two programs that know the state, the one that saves second is told so, and nothing is lost."""
        self.serve(target, "blue", place.good)
        target.load()
        target.save('{"mine": 1}')
        other = place.attach()
        assert other.load() == '{"mine": 1}'
        other.save('{"theirs": 1}')
        with pytest.raises(TakenError):
            target.save('{"mine": 2}')
        assert target.load() == '{"theirs": 1}'
        other.close()
        target.remove()


class Client:
    """A client that keeps cookies."""

    def __init__(self, target: Target) -> None:
        self.target, self.jar = target, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def version(self) -> str:
        """Return the version that this client meets."""
        with self.opener.open(self.target.url + "/version", timeout=10) as answer:
            return str(json.loads(answer.read())["model_version"])


def check_clients_stay(place: Place, target: Target) -> None:
    """Check that clients keep their version while it has traffic, and are drawn anew when a slot has some again."""
    target.start("blue", place.good)
    target.start("green", place.better)
    target.weigh(Routing({"blue": 100}))
    clients = [Client(target) for _ in range(4)]
    assert {client.version() for client in clients} == {place.good.version}
    target.weigh(Routing({"blue": 50, "green": 50}))
    drawn = [client.version() for client in clients]
    assert {*drawn} == {place.good.version, place.better.version}
    assert [[client.version() for _ in range(20)] for client in clients] == [[name] * 20 for name in drawn]
    target.weigh(Routing({"blue": 10, "green": 90}))
    assert [client.version() for client in clients] == drawn
    assert dict(cookie.name.rpartition("-")[::2] for cookie in clients[0].jar).keys() == {"gatehouse"}
    away, here = ([client for client, name in zip(clients, drawn, strict=True) if name == release.version]
                  for release in (place.better, place.good))  # fmt: skip
    for weights, release in ({"blue": 0, "green": 100}, place.better), ({"blue": 100, "green": 0}, place.good):
        target.weigh(Routing(weights))
        assert {client.version() for client in here for _ in range(5)} == {release.version}
    # Another version may stand in green by now: it is met by lot, and not by those who met green before.
    target.weigh(Routing({"blue": 95, "green": 5}))
    assert {client.version() for client in away} == {place.good.version}
    target.weigh(Routing({"blue": 100}))
    target.weigh(Routing({"blue": 5, "green": 95}))
    assert {client.version() for client in here} == {place.better.version}


def answered(url: str, release: Release) -> list[Check]:
    """Judge whether a version predicts."""
    same = ask(url, "/predict")["model_version"] == release.version
    return [Check("version", Decision.PROMOTE if same else Decision.REJECT, url)]


def version(target: Target) -> str:
    """Return the version that answers through the router."""
    return str(ask(target, "/version")["model_version"])


def ask(target: Target | str, path: str, headers: Mapping[str, str] = NO_HEADERS) -> dict[str, Any]:
    """Return the JSON that a path of a target, or of an address, answers; a prediction is asked for by POST."""
    url = target if isinstance(target, str) else target.url
    data = b'{"rows": [{"amount": 1.0}]}' if path == "/predict" else None
    request = urllib.request.Request(url + path, data, dict(headers))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))
