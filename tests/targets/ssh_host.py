"""This machine as a host behind ssh: a real sshd on a port of its own, and a client that knows nobody else."""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gatehouse import shell
from gatehouse.targets import ports, waiting

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needed = pytest.mark.skipif(not SSHD, reason="sshd is not installed: apt-get install openssh-server")
DAEMON = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
"""
CLIENT = """
IdentityFile {folder}/key
IdentitiesOnly yes
UserKnownHostsFile {folder}/known_hosts
GlobalKnownHostsFile none
"""


class SshHost:
    """An sshd in a folder, which whoever has the folder's key may use."""

    def __init__(self, folder: Path, extra: str = "") -> None:
        self.folder, self.port = folder, ports.free()
        self.address = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"
        for name in ("host", "key"):
            shell.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)])
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {(folder / 'host.pub').read_text()}")
        (folder / "sshd_config").write_text(DAEMON.format(port=self.port, folder=folder) + extra)
        (folder / "ssh_config").write_text(CLIENT.format(folder=folder))
        # It stands for ~/.ssh/config, where a person names keys and hosts.
        client = folder / "bin" / "ssh"
        client.parent.mkdir()
        client.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
        client.chmod(0o755)
        self.start()

    def start(self) -> None:
        """Start the daemon, and return when it listens."""
        if os.geteuid() == 0:
            # Where it puts itself before anybody has logged in; its service makes the folder otherwise.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        files = ["-f", f"{self.folder}/sshd_config", "-E", f"{self.folder}/sshd.log"]
        self.process = subprocess.Popen([str(SSHD), "-D", *files], stdin=subprocess.DEVNULL)
        waiting.until(lambda: not ports.is_free(self.port), 20, f"{SSHD} does not listen: see {self.folder}/sshd.log")

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have programs find the client's settings."""
        monkeypatch.setenv("PATH", f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def clients(self) -> str:
        """Return the processes that lead here, a line each."""
        lines = shell.run(["ps", "-eww", "-o", "pid=,args="]).splitlines()
        return "\n".join(line for line in lines if self.address in line)

    def stop(self) -> None:
        """Stop the daemon; who is logged in stays so."""
        self.process.terminate()
        self.process.wait()
