"""Fetch or keep the state that outlives a hosted runner: ledger, approvals and drift windows, on a branch of their own.

Examples:
  scripts/keep_state.py pull                         before a step that reads the ledger
  scripts/keep_state.py push                         after a step that wrote to it
  scripts/keep_state.py push --remote ../state.git   anywhere else than in a workflow
"""

import argparse
import os
from pathlib import Path

from gatehouse import state_branch
from gatehouse.config import Config
from gatehouse.errors import ConfigError
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision, Verdict


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("direction", choices=("pull", "push"), help="from the branch, or to it")
    parser.add_argument("--remote", help="a git remote (default: GATEHOUSE_STATE_REMOTE, or the workflow's repository)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Pull or push what the command line says."""
    return run(args.direction, args.remote or default_remote(), Path(config.store.state))


def run(direction: str, remote: str, state: Path) -> Verdict:
    """Bring the folder `state` and the branch together. Raises CommandError when the remote does not answer."""
    if direction == "pull":
        count = state_branch.pull(remote, state)
        why = f"The branch '{state_branch.BRANCH}' holds {count:,} lines of state."
    else:
        count = state_branch.push(remote, state, f"Keep what run {os.environ.get('GITHUB_RUN_ID', 'by hand')} wrote")
        why = f"{count:,} new lines of state went to the branch '{state_branch.BRANCH}'."
    return judgement.make("keep_state", [Check("state", Decision.PROMOTE, why, n=count)])


def default_remote() -> str:
    """Return the remote that the environment names. Raises ConfigError when it names none."""
    if remote := os.environ.get("GATEHOUSE_STATE_REMOTE"):
        return remote
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        raise ConfigError("No remote is named: use --remote, or set GATEHOUSE_STATE_REMOTE or GITHUB_REPOSITORY.")
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
