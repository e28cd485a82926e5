import os
from pathlib import Path

import pytest
from targets import ssh_host
from targets.ssh_host import SshHost

from gatehouse import shell
from gatehouse.errors import ConfigError, TargetError
from gatehouse.stages import reach_host
from gatehouse.targets import tunnel


@pytest.mark.docker
@ssh_host.needed
def test_given_key_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With what a runner is given alone, ssh gets to the host, and its engine answers; again is no harm."""
    host, folder = SshHost(tmp_path), tmp_path / "runner"
    host.enter(monkeypatch)
    (tmp_path / "ssh_config").write_text(f"Include {folder}/config\n")
    monkeypatch.setenv("DOCKER_HOST", host.address)
    key = (tmp_path / "key").read_text().strip().replace("\n", "\r\n")
    given = {"DOCKER_SSH_KEY": key, "DOCKER_KNOWN_HOSTS": (tmp_path / "known_hosts").read_text()}
    try:
        for _ in range(2):
            verdict = reach_host.run({"DOCKER_HOST": host.address, **given}, folder)
    finally:
        host.stop()
    assert "answers at /var/run/docker.sock of ssh://" in verdict.why
    assert (folder / "config").read_text().count("Include") == 1


def test_key_is_for_one_host(tmp_path: Path):
    """Nobody else may touch its files, or ssh uses none, and what ssh was told of other hosts stays, below."""
    (tmp_path / "config").write_text("Host other\n  User me\n")
    (tmp_path / "config").chmod(0o600)
    before = os.umask(0o002)
    reach_host.write(tmp_path, "host", "key", "host ssh-ed25519 AAAA")
    os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    lines = (tmp_path / "config").read_text().splitlines()
    assert lines == [f'Include "{tmp_path}/gatehouse_config"', "Host other", "  User me"]
    assert (tmp_path / "gatehouse_config").read_text().startswith("Host host\n")


@ssh_host.needed
@pytest.mark.parametrize("destination", ["ssh://me@Build.Example", "ssh://Build.Example:2222", "ssh://buildhost"])
def test_key_is_for_the_host_as_written(tmp_path: Path, destination):
    """By its own reading of the settings, ssh takes the key for the host that DOCKER_HOST names, capitals or not."""
    reach_host.write(tmp_path, tunnel.host(destination), "key", "host ssh-ed25519 AAAA")
    told = shell.run(["ssh", "-G", "-F", str(tmp_path / "config"), destination])
    assert f"identityfile {tmp_path}/gatehouse_key" in told.splitlines()


@pytest.mark.parametrize("name", ["DOCKER_SSH_KEY", "DOCKER_KNOWN_HOSTS"])
def test_half_is_not_enough(tmp_path: Path, name):
    """A key without a known host, or the other way round, is refused before anything is written."""
    folder = tmp_path / "runner"
    with pytest.raises(ConfigError, match=f"{name} is set alone"):
        reach_host.run({"DOCKER_HOST": "ssh://host", name: "x"}, folder)
    assert not folder.exists()


@ssh_host.needed
def test_missing_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a key the error says which secret and which variable a runner needs."""
    host = SshHost(tmp_path)
    host.enter(monkeypatch)
    (tmp_path / "known_hosts").write_text("")
    monkeypatch.setenv("DOCKER_HOST", host.address)
    try:
        with pytest.raises(TargetError, match=r"Host key verification failed(.|\n)*DOCKER_SSH_KEY \(a secret\)"):
            reach_host.run({"DOCKER_HOST": host.address}, tmp_path / "runner")
    finally:
        host.stop()
    assert not (tmp_path / "runner").exists()


def test_other_engine_is_not_reached(tmp_path: Path):
    """Where DOCKER_HOST names no host behind ssh, there is nothing to do here, and the error says so."""
    with pytest.raises(ConfigError, match="ssh://user@host"):
        reach_host.run({}, tmp_path)
