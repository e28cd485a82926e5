"""Let this machine reach the cluster, and see that its API server answers.

For a hosted runner, which knows none: the kubeconfig is the text of GATEHOUSE_KUBECONFIG, and is written where kubectl
looks for it. Where that is not set nothing is written, and what is there is used.

Examples:
  scripts/reach_cluster.py
"""

import argparse
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from gatehouse.config import Config
from gatehouse.errors import ConfigError
from gatehouse.stages import judgement
from gatehouse.targets import kubernetes
from gatehouse.verdicts import Check, Decision, Verdict

TEXT = "GATEHOUSE_KUBECONFIG"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    where = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    parser.add_argument("--file", type=Path, default=where, help="the kubeconfig to write (default: kubectl's)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Reach the cluster of this program's environment."""
    return run(config, os.environ, args.file)


def run(config: Config, environ: Mapping[str, str], file: Path) -> Verdict:
    """Write the kubeconfig that the environment has, and ask the cluster for what a rollout asks.

    Raises ConfigError rather than replace another kubeconfig, and TargetError when the cluster refuses, or is silent.
    """
    text = environ.get(TEXT, "").strip()
    if text:
        write(file, text + "\n")
    with closing(kubernetes.of(config)) as target:
        begun = "a rollout's state" if target.load() else "no rollout yet"
        why = f"The cluster answers, and has {begun} in the namespace '{target.namespace}'."
    return judgement.make("reach_cluster", [Check("cluster", Decision.PROMOTE, why)])


def write(file: Path, text: str) -> None:
    """Write a kubeconfig that nobody else may read. Raises ConfigError where there is another one."""
    if file.exists() and file.read_text() != text:
        raise ConfigError(f"There is another kubeconfig at {file}: choose a --file, and say so in KUBECONFIG.")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
