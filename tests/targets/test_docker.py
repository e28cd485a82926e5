import io
import itertools
import re
import signal
import socket
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.models.containers import Container
from stages.quick import quick
from targets import contract, tiny_image
from targets.contract import Contract, Place
from targets.crew_contract import CrewContract, Crewed
from targets.small_disk import fill, mounted

from gatehouse.canary import state as states
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase
from gatehouse.config import Config
from gatehouse.errors import SilenceError, TargetError
from gatehouse.release import Release
from gatehouse.stages import rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import containers, reserve
from gatehouse.targets.docker import DockerTarget, open_log, project
from gatehouse.verdicts import Decision


class Host(Place):
    """The Docker engine, with an image for each release, and a project of its own."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.project = f"gatehouse-test-{uuid.uuid4().hex[:8]}"
        self.images: list[str] = []
        self.good = self.build("1.0.0", "")
        self.better = self.build("1.1.0", "")
        self.failing = self.build("1.2.0", "ERROR_SHARE=0.4")
        self.slow = self.build("1.3.0", "DELAY=0.6")
        self.dead = self.build("1.4.0", "DIE=1")
        self.heavy = self.build("1.5.0", "LOAD=3")
        self.small = self.build("1.6.0", f"ROOM={contract.ROOM} DELAY={contract.PACE}")

    def build(self, version: str, fault: str) -> Release:
        """Return a release whose image is built on the engine."""
        tag = tiny_image.build(f"{self.project}:{version}", version, fault)
        self.images.append(tag)
        return Release(version, version * 8, tag)

    def attach(self) -> DockerTarget:
        """Return a target for the project."""
        return DockerTarget(self.config, self.project)

    def clean(self) -> None:
        """Remove everything that the tests made."""
        target = self.attach()
        target.remove()
        for tag in self.images:
            target.engine.client.images.remove(tag)
        target.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Return an engine to roll out on."""
    host = Host(contract.settings(str(tmp_path_factory.mktemp("state")), drain_seconds=2.0))
    yield host
    host.clean()


@pytest.fixture(scope="module")
def target(place: Host) -> Iterator[DockerTarget]:
    """Return a target of the engine."""
    target = place.attach()
    yield target
    target.close()


@pytest.mark.docker
class TestDocker(Contract):
    """The target on a Docker engine keeps the contract."""


@pytest.mark.docker
class TestCrew(CrewContract):
    """So do several servers in a slot."""

    def send(self, target: Crewed, name: str, number: signal.Signals) -> None:
        """Send a signal to a server's container, which the engine leaves as it is when that kills it."""
        self.container(target, name).kill(number.value)

    def process(self, target: Crewed, name: str) -> str:
        """Return its container's identity."""
        return str(self.container(target, name).id)

    def container(self, target: Crewed, name: str) -> Container:
        """Return a server's container."""
        assert isinstance(target, DockerTarget)
        container = target.engine.find(target.names.server(name))
        assert container is not None
        return container


@pytest.mark.docker
def test_half_written_state_is_survived(place, target):
    """When the engine dies while the state is written, the copy that is whole is the state."""
    target.start("blue", place.good)
    target.save('{"whole": 1}')
    router = target.engine.find(target.names.router)
    target.engine.write(router, {containers.NEW_STATE: '{"ha'})
    assert target.load() == '{"whole": 1}'
    target.engine.write(router, {containers.NEW_STATE: '{"whole": 2}', containers.STATE: ""})
    assert target.load() == '{"whole": 2}'


@pytest.mark.docker
def test_half_done_save_is_its_own(place, target, monkeypatch):
    """A program that found room for one copy of its state alone is told so, and is nobody else at the next save."""
    target.start("blue", place.good)
    target.save('{"whole": 1}')
    real = target.engine.write

    def write(container, contents, attempts=1):
        real(container, {containers.NEW_STATE: contents[containers.NEW_STATE], containers.STATE: '{"ha'})
        raise TargetError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(target.engine, "write", write)
        with pytest.raises(TargetError, match="no space left"):
            target.save('{"whole": 2}')
    target.save('{"whole": 3}')
    assert target.load() == '{"whole": 3}'


@pytest.mark.docker
@pytest.mark.parametrize("name", ["servers.yml", "servers2.yml", "tls.yml", "traffic-0.yml", "traffic-1.yml"])
def test_half_written_route_is_mended(place, target, name):
    """When the engine dies while the routes are written, the router reads none of them until the next program looks."""
    target.start("blue", place.good)
    target.weigh(Routing({"blue": 100}))
    router = target.engine.find(target.names.router)
    # The copy of the servers is written first.
    spoilt = {"routes/servers2.yml": target.engine.read(router, "routes/servers.yml"), f"routes/{name}": '{"ha'}
    target.engine.write(router, spoilt)
    target.weigh(Routing({"blue": 90, "green": 10}))
    assert target.routing().weights == {"blue": 90, "green": 10}
    target.engine.write(router, spoilt)
    router.restart(timeout=1)
    target.load()
    assert sum(target.routing().weights.values()) == 100
    assert contract.version(target) == place.good.version


@pytest.mark.docker
def test_room_is_kept_once(place, target):
    """Each start keeps room in the router's volume where it was used or half written, and leaves what is kept."""
    target.start("blue", place.good)
    router = target.engine.find(target.names.router)
    kept = target.engine.read(router, containers.RESERVE)
    target.start("blue", place.good)
    assert target.engine.read(router, containers.RESERVE) == kept
    assert len(kept) == reserve.BYTES
    for spoilt in ("", kept[1:]):
        target.engine.write(router, {containers.RESERVE: spoilt})
        target.start("blue", place.good)
        assert len(target.engine.read(router, containers.RESERVE)) == reserve.BYTES


@pytest.mark.docker
def test_removed_router_comes_back(place, target):
    """A router that somebody removed is made anew, with the weights that it had."""
    target.start("blue", place.good)
    target.weigh(Routing({"blue": 90, "green": 10}))
    target.engine.find(target.names.router).remove(force=True)
    with pytest.raises(TargetError, match="does not run"):
        target.counters()
    assert target.load() is not None
    assert target.routing().weights == {"blue": 90, "green": 10}


@pytest.mark.docker
def test_clients_stay_with_their_version(place):
    """With sticky routing a client keeps its version while that has traffic, and is never sent where none goes."""
    config = contract.settings(place.config.store.state, drain_seconds=1.0, sticky=True)
    target = DockerTarget(config, f"{place.project}-sticky")
    try:
        contract.check_clients_stay(place, target)
    finally:
        target.remove()
        target.close()


@pytest.mark.docker
def test_taken_port_is_an_error(place):
    """A port that another program has is an error that says so, and leaves no container."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = contract.settings(place.config.store.state, port=taken.getsockname()[1])
        target = DockerTarget(config, f"{place.project}-port")
        try:
            with pytest.raises(TargetError, match=r"could not start .*(in use|allocated)"):
                target.start("blue", place.good)
            assert target.engine.find(target.names.router) is None
        finally:
            target.remove()
            target.close()


@pytest.mark.docker
def test_missing_image_is_an_error(place, target):
    """An image that exists nowhere is an error with its name."""
    with pytest.raises(TargetError, match="gatehouse-no-such-image"):
        target.start("green", Release("9.9.9", "z", "127.0.0.1:1/gatehouse-no-such-image:1"))


@pytest.mark.docker
def test_log_folder_is_written(place, tmp_path):
    """The servers, whose user is another, can write to the folder of the host."""
    log = tmp_path / "log"
    assert open_log(str(log)) == str(log)
    assert log.stat().st_mode & 0o777 == 0o777


def test_missing_engine_is_explained(monkeypatch):
    """Without an engine the error says what else can be done."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(SilenceError, match=r"No Docker engine answers(.|\n)*target = 'local'"):
        DockerTarget(contract.settings("state"))


def test_archive_keeps_order():
    """The engine writes the files in the order in which they were given."""
    data = containers.archive({"rollout.new": "1", "rollout.json": "1"})
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["rollout.new", "rollout.json"]


def test_repositories_do_not_meet():
    """Two repositories that share an engine have parts of different names, and one repository always the same."""
    names = [project(image) for image in ("ghcr.io/you/Model", "ghcr.io/me/model", "ghcr.io/you/model", "")]
    assert names[0] == names[2] != names[1]
    staging = [project(image, "staging") for image in ("ghcr.io/you/model", "")]
    assert len({*names, *staging}) == 5
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}", name) for name in [*names, *staging])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk that can be filled."""
    with mounted(tmp_path / "a disk") as path:
        yield path


@pytest.mark.docker
def test_full_volume_takes_the_canary_back(tmp_path, disk):
    """A host's disk that fills up under a canary: its traffic goes back first, and no request fails."""
    host = Host(quick(tmp_path, steps={"bake_seconds": 30.0}))
    target, small = host.attach(), {"type": "none", "device": str(disk), "o": "bind"}
    target.engine.client.volumes.create(target.names.router, driver_opts=small, labels=target.names.labels)
    try:
        rollout.run(host.config, host.good, target=target, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 60) as traffic:
            begun = rollout.run(host.config, host.better, target=target, say=lambda line: "20 %" in line and fill(disk))
        assert target.routing().weights == {"blue": 100, "green": 0}
        assert states.from_json(target.load() or "").phase == Phase.ROLLED_BACK
    finally:
        target.close()
        host.clean()
    assert begun.decision == Decision.ERROR
    assert "no space left on device" in begun.why
    assert traffic.answers
    assert traffic.failures == []
