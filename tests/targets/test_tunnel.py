import http.server
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from targets import ssh_host
from targets.ssh_host import SshHost

from gatehouse.errors import ConfigError, TargetError
from gatehouse.targets import ports, tunnel, waiting
from gatehouse.targets.tunnel import Tunnel

STARTER = """
import sys, time
from gatehouse.targets.tunnel import Tunnel
tunnel = Tunnel(sys.argv[1])
tunnel.open()
print(tunnel.folder, flush=True)
time.sleep(60)
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshHost]:
    """Return this machine behind ssh."""
    host = SshHost(tmp_path)
    host.enter(monkeypatch)
    yield host
    host.stop()


@pytest.fixture
def way(host: SshHost) -> Iterator[Tunnel]:
    """Return a tunnel to the host."""
    way = Tunnel(host.address)
    yield way
    way.close()


@pytest.fixture
def page() -> Iterator[int]:
    """Return the port of a server that answers `here`, on 127.0.0.1."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"here")

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer((ports.HOST, 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def read(port: int) -> bytes:
    """Return what a port of this machine answers."""
    with urllib.request.urlopen(f"http://{ports.HOST}:{port}/", timeout=10) as answer:
        return bytes(answer.read())


@ssh_host.needed
def test_odd_folder_is_no_hindrance(host, page, monkeypatch):
    """The folder for temporary files may have spaces in its path, and what ssh would fill in."""
    with tempfile.TemporaryDirectory(prefix="10%h of a ") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        way = Tunnel(host.address)
        assert read(way.port(page)) == b"here"
        way.close()
        assert not list(Path(folder).iterdir())


@ssh_host.needed
def test_port_is_reached(host, way, page):
    """A port of the host is reached by another one here; nothing is left of that in the end."""
    near = way.port(page)
    assert near != page
    assert read(near) == b"here"
    assert way.port(page) == near
    assert host.clients()
    way.close()
    waiting.until(lambda: not host.clients(), 10, "ssh did not end")
    assert ports.is_free(near)
    assert not way.folder.exists()


@ssh_host.needed
def test_one_login_serves_all(host, way, page):
    """However much goes through, there is one connection."""
    assert way.open() == way.open()
    for _ in range(3):
        read(way.port(page))
    log = (host.folder / "sshd.log").read_text()
    assert log.count("Accepted publickey") == 1


@ssh_host.needed
def test_broken_way_is_mended(host, way, page):
    """A connection that broke is opened again at its next use, and what was told of its port stays true."""
    near, engine = way.port(page), way.open()
    way.process.kill()
    way.process.wait()
    assert way.port(page) == near
    assert read(near) == b"here"
    assert way.open() != engine


@ssh_host.needed
def test_lost_host_is_told(host, way, page):
    """When the host is gone, the error says what ssh says."""
    way.port(page)
    host.stop()
    way.process.kill()
    way.process.wait()
    with pytest.raises(TargetError, match=f"does not get to {host.address}(.|\n)*Connection refused"):
        way.port(page)


@ssh_host.needed
def test_taken_port_is_left(way, page, monkeypatch):
    """A port that another program takes before ssh does is not used."""
    offered, free = [page], ports.free
    monkeypatch.setattr(ports, "free", lambda: offered.pop() if offered else free())
    assert way.port(page) != page
    assert not offered
    assert read(way.port(page)) == b"here"


@ssh_host.needed
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_lost_program_leaves_nothing(host, number):
    """When the program that opened it is gone, however it ended, so is everything else."""
    command = [sys.executable, "-c", STARTER, host.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as starter:
        folder = Path(starter.stdout.readline().decode().strip())
        assert folder.is_dir()
        assert len(host.clients().splitlines()) > 1
        starter.send_signal(number)
    waiting.until(lambda: not host.clients() and not folder.exists(), 20, "Something is left")


@ssh_host.needed
def test_refused_key_is_told(host, way):
    """A key that the host does not know is refused in a sentence, and nobody is asked for a password."""
    (host.folder / "key.pub").write_text("")
    with pytest.raises(TargetError, match=r"does not get to ssh:(.|\n)*Permission denied(.|\n)*without asking"):
        way.open()
    waiting.until(lambda: not host.clients(), 10, "ssh did not end")


@ssh_host.needed
def test_unknown_host_is_refused(host, way):
    """A host whose key nobody has accepted is not trusted, and nobody is asked to."""
    (host.folder / "known_hosts").write_text("")
    with pytest.raises(TargetError, match="Host key verification failed"):
        way.open()


def test_missing_client_is_told(monkeypatch, tmp_path):
    """Without ssh the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match=r"no program 'ssh' to reach ssh://host.*install"):
        Tunnel("ssh://host").open()


def test_address_names_socket():
    """An address has what ssh needs, and where the engine's socket is unless that is the usual place."""
    assert tunnel.parts("ssh://me@host:2222") == ("ssh://me@host:2222", "/var/run/docker.sock")
    assert tunnel.parts("ssh://host/run/user/1000/docker.sock") == ("ssh://host", "/run/user/1000/docker.sock")


@pytest.mark.parametrize("address", ["ssh://", "ssh://me:secret@host", "ssh://host?a=1", "ssh://[bad", "tcp://host"])
def test_wrong_address_is_told(address):
    """What names no host, or says too much, is refused."""
    with pytest.raises(ConfigError, match="names no host"):
        Tunnel(address)


def test_ipv6_address_needs_a_name():
    """The client itself refuses such an address, and says nothing of what to do."""
    with pytest.raises(ConfigError, match="Give the host a name"):
        tunnel.parts("ssh://me@[::1]:22")
