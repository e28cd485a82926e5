"""Start a workflow of this repository, as a drift check does when a model must be trained again.

Examples:
  scripts/dispatch.py --workflow release.yml --input window=sliding
"""

import argparse
import os
from collections.abc import Mapping

from gatehouse import github
from gatehouse.config import Config
from gatehouse.errors import ConfigError
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision, Verdict


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--workflow", required=True, help="its file's name below .github/workflows")
    parser.add_argument("--ref", default=os.environ.get("GITHUB_REF_NAME", "main"), help="the branch (%(default)s)")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="one of its inputs")


def main(_config: Config, args: argparse.Namespace) -> Verdict:
    """Start the workflow of the command line."""
    broken = [pair for pair in args.input if "=" not in pair]
    if broken:
        raise ConfigError(f"--input takes NAME=VALUE, not '{broken[0]}'.")
    return run(args.workflow, args.ref, dict(pair.split("=", 1) for pair in args.input))


def run(workflow: str, ref: str, inputs: Mapping[str, str]) -> Verdict:
    """Start a workflow by `workflow_dispatch`, the one event that a workflow's own token may raise."""
    github.call("POST", f"actions/workflows/{workflow}/dispatches", {"ref": ref, "inputs": dict(inputs)})
    said = ", ".join(f"{name}={value}" for name, value in inputs.items()) or "no inputs"
    return judgement.make("dispatch", [Check("started", Decision.PROMOTE, f"Started {workflow} on {ref} with {said}.")])
