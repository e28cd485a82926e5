"""Approve a verdict that is 'hold', so that the next step may go on. The ledger records who did, and why.

Examples:
  scripts/approve.py build/verdicts/gate.json --reason "the lower bound is -0.024, and we need the new feature"
"""

import argparse
from pathlib import Path

from gatehouse import files, ledger, verdicts
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision, Verdict


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("verdict", type=Path, help="the verdict's JSON file")
    parser.add_argument("--reason", required=True, help="why it may go on; it stands in the ledger")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Approve the verdict that the command line names."""
    return run(args.verdict, args.reason, Path(config.store.state))


def run(path: Path, reason: str, state: Path) -> Verdict:
    """Record the approval of a `hold`. Raises EvidenceError for any other verdict, or without a reason."""
    verdict = verdicts.from_json(files.read_text(path, "verdict"))
    if verdict.decision != Decision.HOLD:
        raise EvidenceError(f"The verdict of {verdict.step} is '{verdict.decision}'; only 'hold' can be approved.")
    if not reason.strip():
        raise EvidenceError("An approval needs a reason: --reason 'why it may go on'.")
    entry = ledger.append(state, "approval", why=reason.strip(), step=verdict.step, verdict=verdict.digest)
    why = f"{entry['who']} approved the {verdict.step} verdict {verdict.digest[:12]}: {reason.strip()}"
    return judgement.make("approve", [Check("approval", Decision.PROMOTE, why)], subject=verdict.subject)
