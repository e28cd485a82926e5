"""Let this machine's ssh reach the host that DOCKER_HOST names by ssh://, and see that its engine answers.

For a hosted runner, which knows no host: the key is DOCKER_SSH_KEY, and the host's own keys are DOCKER_KNOWN_HOSTS, as
`ssh-keyscan HOST` prints them. Where neither is set nothing is written, and ssh goes by what it finds.

Examples:
  scripts/reach_host.py    with DOCKER_HOST=ssh://deploy@host
"""

import argparse
import os
import pwd
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from gatehouse.config import Config
from gatehouse.errors import ConfigError, TargetError
from gatehouse.stages import judgement
from gatehouse.targets import tunnel
from gatehouse.targets.engine import Engine
from gatehouse.verdicts import Check, Decision, Verdict

KEY, HOSTS = "DOCKER_SSH_KEY", "DOCKER_KNOWN_HOSTS"
SETTINGS = """Host {host}
  IdentityFile "{folder}/gatehouse_key"
  IdentitiesOnly yes
  UserKnownHostsFile "{folder}/gatehouse_known_hosts"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    # Not $HOME, which ssh does not ask.
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    parser.add_argument("--folder", type=Path, default=home / ".ssh", help="where ssh looks (default: ~/.ssh)")


def main(config: Config, args: argparse.Namespace) -> Verdict:  # noqa: ARG001 - where the engine is stands in no file
    """Reach the host of this program's environment."""
    return run(os.environ, args.folder)


def run(environ: Mapping[str, str], folder: Path) -> Verdict:
    """Write what the environment has for ssh, and ask the engine. Raises ConfigError and TargetError."""
    destination, socket = tunnel.parts(environ.get("DOCKER_HOST", ""))
    given = [name for name in (KEY, HOSTS) if environ.get(name)]
    if len(given) == 1:
        raise ConfigError(f"{given[0]} is set alone: ssh needs {KEY} (a secret) and {HOSTS} (a variable).")
    if given:
        write(folder.resolve(), tunnel.host(destination), environ[KEY], environ[HOSTS])
    try:
        engine = Engine()
    except TargetError as error:
        raise TargetError(f"{error} A hosted runner has no key: set {KEY} (a secret) and {HOSTS}.") from error
    with closing(engine):
        why = f"Docker {engine.version()} answers at {socket} of {destination}."
    return judgement.make("reach_host", [Check("engine", Decision.PROMOTE, why)])


def write(folder: Path, host: str, key: str, hosts: str) -> None:
    """Have ssh use a key, and these keys of the host, for this host alone. What ssh was told before stays."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A form on a page has other ends of lines, and drops the last one, without which ssh cannot read it.
    _keep(folder / "gatehouse_key", "\n".join(key.split("\r\n")).strip() + "\n")
    _keep(folder / "gatehouse_known_hosts", hosts.strip() + "\n")
    _keep(folder / "gatehouse_config", SETTINGS.format(host=host, folder=folder))
    config, line = folder / "config", f'Include "{folder}/gatehouse_config"\n'
    before = config.read_text() if config.exists() else ""
    if line not in before:
        # First: an Include below a Host is part of it, and the first that is said of a host holds.
        _keep(config, line + before)


def _keep(path: Path, text: str) -> None:
    """Write a file that nobody else may write, or ssh goes by none of them."""
    path.touch(mode=0o600)
    path.write_text(text)
