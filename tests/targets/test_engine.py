import gc
import json
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import docker
import pytest
from docker.errors import APIError
from targets import contract, ssh_host, tiny_image
from targets.contract import QUICK, ROWS
from targets.ssh_host import SshHost

from gatehouse.canary.routing import Routing
from gatehouse.errors import ConfigError, SilenceError, TargetError
from gatehouse.release import Release
from gatehouse.stages import rollback, rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import waiting
from gatehouse.targets.docker import DockerTarget
from gatehouse.targets.engine import Engine, is_near, obeying
from gatehouse.verdicts import Decision

PROJECT = f"gatehouse-far-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def releases() -> Iterator[list[Release]]:
    """Return releases of the tiny server: two good ones, and one that fails now and then."""
    faults = {"1.0.0": "", "1.1.0": "", "1.2.0": "ERROR_SHARE=0.4"}
    tags = {version: tiny_image.build(f"{PROJECT}:{version}", version, fault) for version, fault in faults.items()}
    yield [Release(version, version * 8, tag) for version, tag in tags.items()]
    client = docker.from_env()
    for tag in tags.values():
        client.images.remove(tag)
    client.close()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshHost]:
    """Return this machine behind ssh, as DOCKER_HOST names it."""
    host = SshHost(tmp_path)
    host.enter(monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", host.address)
    yield host
    host.stop()


@pytest.mark.docker
@ssh_host.needed
def test_broken_way_is_mended_once(host: SshHost, monkeypatch: pytest.MonkeyPatch):
    """Threads that find the way to the engine broken mend it once, and each gets its answer."""
    made = []

    class Counted(subprocess.Popen):
        def __init__(self, *args, **options):
            made.append(args)
            super().__init__(*args, **options)

    with closing(Engine()) as engine:
        engine.tunnel.process.kill()
        engine.tunnel.process.wait()
        monkeypatch.setattr(subprocess, "Popen", Counted)
        with ThreadPoolExecutor(4) as pool:
            versions = {*pool.map(lambda _: engine.version(), range(4))}
    assert (len(versions), len(made)) == (1, 1)


@pytest.fixture
def target(host: SshHost, tmp_path: Path) -> Iterator[DockerTarget]:
    """Return a target on the engine behind ssh."""
    target = DockerTarget(replace(contract.settings(str(tmp_path / "state"), drain_seconds=2.0), **QUICK), PROJECT)
    yield target
    target.remove()
    target.close()


@pytest.mark.docker
@ssh_host.needed
def test_far_rollout_loses_no_request(host, target, releases):
    """Through ssh a version takes over, a bad one is caught and the good one is rolled back: nobody notices."""
    good, better, failing = releases
    rollout.run(target.config, good, target=target, say=str)
    with Traffic(target.url, ROWS, 100) as traffic:
        promoted = rollout.run(target.config, better, target=target, say=str)
        back = rollback.run(target.config, "customers call", target, None, None, contract.answered, say=str)
    assert (promoted.decision, back.decision) == (Decision.PROMOTE, Decision.PROMOTE), promoted.why
    assert traffic.failures == []
    assert {answer.version for answer in traffic.answers} == {good.version, better.version}
    with Traffic(target.url, ROWS, 100):
        rejected = rollout.run(target.config, failing, target=target, say=str)
    assert (rejected.decision, contract.version(target)) == (Decision.REJECT, good.version), rejected.why
    assert sum(counted.requests for counted in target.counters().values()) > len(traffic.answers)


@pytest.mark.docker
@ssh_host.needed
def test_far_target_mends_itself(host, target, releases):
    """When ssh ended the target goes on with a new one, at the same address; in the end there is none."""
    target.start("blue", releases[0])
    target.weigh(Routing({"blue": 100}))
    url = target.url
    target.engine.tunnel.process.kill()
    target.engine.tunnel.process.wait()
    target.engine.port(int(url.rpartition(":")[2]))
    target.save("{}")
    assert (target.url, target.routing().weights["blue"]) == (url, 100)
    assert contract.version(target) == releases[0].version
    other = DockerTarget(target.config, PROJECT)
    assert (other.load(), contract.version(other)) == ("{}", releases[0].version)
    for each in (other, target):
        each.close()
    waiting.until(lambda: not host.clients(), 10, "ssh did not end")


@pytest.mark.docker
@ssh_host.needed
def test_far_folder_is_not_made(target, releases, tmp_path):
    """A folder for the log lies on the engine's host: none is made here, and the error says who must."""
    log = tmp_path / "log"
    target.config = replace(target.config, store=replace(target.config.store, log=str(log)))
    with pytest.raises(TargetError, match=f"{log}(.|\n)*Make this folder on the engine's host"):
        target.start("blue", releases[0])
    assert not log.exists()


@ssh_host.needed
def test_far_silence_is_told(host, monkeypatch):
    """Without an engine on the host, the error says where it was looked for, and what ssh said."""
    monkeypatch.setenv("DOCKER_HOST", f"{host.address}/no/such.sock")
    with pytest.raises(
        SilenceError, match=rf"No Docker engine answers at /no/such.sock of {host.address}(.|\n)*failed"
    ):
        Engine()
    # The package leaves a connection that came to nothing open, and this is who would tell.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    waiting.until(lambda: not host.clients(), 10, "ssh did not end")


@pytest.mark.parametrize(("error", "silent"), [(ConnectionResetError(104), True), (APIError("no such image"), False)])
def test_silence_is_told_from_refusal(error, silent):
    """An engine that does not answer may be asked again; one that refuses something need not be."""
    with pytest.raises(TargetError, match="Docker could not read") as raised, obeying("read"):
        raise error
    assert isinstance(raised.value, SilenceError) == silent


def test_engine_alone_is_not_enough(monkeypatch):
    """An engine of another host, whose router cannot be asked, is refused with the address that would do."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2376")
    with pytest.raises(ConfigError, match="DOCKER_HOST=ssh://"):
        Engine()


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("", True),
        ("unix:///run/docker.sock", True),
        ("tcp://localhost:2375", True),
        ("127.0.0.1:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://192.0.2.1:2376", False),
        ("build.example:2375", False),
        ("https://build.example", False),
    ],
)
def test_own_machine_is_near(address, near):
    """An engine is on this machine when its address says so, in whatever form."""
    assert is_near(address) == near


def test_malformed_address_is_told(monkeypatch):
    """What is no address is refused with its value, and with what an address looks like."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://[::1")
    with pytest.raises(
        ConfigError, match=r"DOCKER_HOST = 'tcp://\[::1' is no address of an engine(.|\n)*ssh://user@host"
    ):
        Engine()


class Forgetful(BaseHTTPRequestHandler):
    """An engine that says who it is once, when a client comes, and then only that it is there."""

    asked = 0

    def do_GET(self) -> None:
        """Answer, and fail to tell the version a second time."""
        version = self.path.endswith("/version")
        Forgetful.asked += version
        failed = Forgetful.asked > 1
        told = {"message": "I forgot."} if failed else {"ApiVersion": "1.45", "Version": "1"}
        body = json.dumps(told).encode() if version else b"OK"
        self.send_response(500 if failed else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


def test_version_that_is_not_told(monkeypatch):
    """An engine that fails after it has answered is an error in the project's words."""
    with HTTPServer(("127.0.0.1", 0), Forgetful) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        try:
            with closing(Engine()) as engine, pytest.raises(TargetError, match="Docker could not tell its version"):
                engine.version()
        finally:
            server.shutdown()
