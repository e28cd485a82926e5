"""Approve a verdict that is 'hold', so that the next step may go on. The ledger records who did, and why.

Examples:
  scripts/approve.py build/verdicts/gate.json --reason "the lower bound is -0.024, and we need the new feature"
  scripts/approve.py build/verdicts --reason "agreed" --run 16283955112   whatever that run of release.yml held
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from gatehouse import files, github, ledger, verdicts
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.stages import evidence, judgement
from gatehouse.verdicts import Check, Decision, Verdict

RELEASE = ".github/workflows/release.yml"
# Of the verdicts that `register` asks for, those that can hold.
HOLDING = ("gate", "check_serving")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("verdict", type=Path, help="the verdict's JSON file, or a folder of a release's verdicts")
    parser.add_argument("--reason", required=True, help="why it may go on; it stands in the ledger")
    parser.add_argument("--run", help="the run of release.yml that the verdict was downloaded from; GitHub is asked")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Approve the verdict that the command line names, or those that are held in its folder."""
    paths = held(args.verdict)
    bundles = {read(path).subject.bundle for path in paths}
    if len(bundles) > 1:
        raise EvidenceError(
            f"The held verdicts in {args.verdict} are about {len(bundles)} models: name the file of the one you mean."
        )
    approved = [run(path, args.reason, Path(config.store.state), args.run) for path in paths]
    return replace(approved[-1], checks=tuple(check for verdict in approved for check in verdict.checks))


def held(path: Path) -> list[Path]:
    """Return the verdicts in a folder for which `register` would ask an approval; a file is returned as it is.

    Raises EvidenceError when there are none.
    """
    if not path.is_dir():
        return [path]
    written = [file for step in HOLDING if (file := path / f"{step}.json").exists()]
    found = [file for file in written if read(file).decision == Decision.HOLD]
    if not found:
        raise EvidenceError(f"In {path} neither {' nor '.join(HOLDING)} is 'hold': there is nothing to approve.")
    return found


def run(path: Path, reason: str, state: Path, number: str | None = None) -> Verdict:
    """Record the approval of a `hold`.

    Raises EvidenceError for any other verdict, without a reason, or when the run `number` did not judge it.
    """
    verdict = read(path)
    if verdict.decision != Decision.HOLD:
        raise EvidenceError(f"The verdict of {verdict.step} is '{verdict.decision}'; only 'hold' can be approved.")
    if not reason.strip():
        raise EvidenceError("An approval needs a reason: --reason 'why it may go on'.")
    if number:
        check_run(number, verdict)
    about = {"step": verdict.step, "verdict": verdict.digest, "bundle": verdict.subject.bundle}
    entry = ledger.append(state, "approval", why=reason.strip(), **about, reasons=sorted(evidence.reasons(verdict)))
    why = f"{entry['who']} approved the {verdict.step} verdict {verdict.digest[:12]}: {reason.strip()}"
    return judgement.make("approve", [Check("approval", Decision.PROMOTE, why)], subject=verdict.subject)


def read(path: Path) -> Verdict:
    """Return the verdict in a file."""
    return verdicts.from_json(files.read_text(path, "verdict"))


def check_run(number: str, verdict: Verdict) -> None:
    """Raise EvidenceError unless GitHub says that the run released this very commit of this branch.

    Artifacts can be made by anyone who opens a pull request; those of a release cannot. And what goes on must be what
    was judged: once the branch has moved on, its newest release is the one to approve.
    """
    if not number.isdecimal():
        raise EvidenceError(f"'{number}' is no number of a run. It stands at the end of the run's address.")
    found = github.call("GET", f"actions/runs/{number}")
    commit = os.environ.get("GITHUB_SHA")
    wanted = {"path": RELEASE, "head_branch": os.environ.get("GITHUB_REF_NAME"), "head_sha": commit}
    for name, value in wanted.items():
        said = str(found.get(name)).partition("@")[0]
        if said != value:
            raise EvidenceError(f"Run {number} has {name} '{said}', not '{value}': name the newest held release.")
    judged = (verdict.subject.commit or "").partition("+")[0]
    if judged != commit:
        raise EvidenceError(f"The verdict is about commit {judged}, and run {number} released {commit}.")
