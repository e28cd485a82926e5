"""Point out every change of gatehouse.toml that weakens a threshold, with its old and its new value and its reason.

Compared with the file at --base: by default what a pull request goes into, and on a laptop where the branch left main.

Examples:
  scripts/check_settings.py
  scripts/check_settings.py --base HEAD~1
"""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse import files, workload
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.gates import loosening, metrics
from gatehouse.gates.loosening import Change
from gatehouse.stages import base as bases
from gatehouse.stages import judgement, owners, reasons
from gatehouse.verdicts import Check, Decision, Verdict

NEXT = (
    "Read each reason, and ask for a better one where it does not convince you. Nothing else waits for this step: "
    "whoever approves the pull request accepts the weaker settings."
)

EFFECTS = ("looser", "tighter", "neutral")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--base", help="the commit to compare with (default: of the pull request, or of main)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Compare the settings of the command line with their base's."""
    return run(config, args.config, args.base)


def run(config: Config, path: Path, base: str | None = None) -> Verdict:
    """Judge the settings at `path`, which `config` was read from.

    Raises EvidenceError when there is a base and it cannot be read: then nobody knows what was weakened.
    """
    folder = path.parent.resolve()
    commit = bases.find(folder, base)
    earlier = None if commit is None else bases.at(commit, folder, path.name)
    if commit is None:
        first = Check("settings", Decision.PROMOTE, "There is no commit before this one: nothing was weakened.")
        return judgement.make("check_settings", [first, *owners.judge(folder, path.name)])
    if earlier is None:
        why = f"{commit[:12]} has no {path.name}: every setting is new, and nothing tells what was asked for before."
        held = Check("settings", Decision.HOLD, why)
        return judgement.make("check_settings", [held, *owners.judge(folder, path.name)], details={"next": NEXT})
    text = files.read_text(path, "settings file")
    old, new = table(earlier, f"{path.name} at {commit[:12]}"), table(text, path.name)
    found = loosening.changes(old, new, Config, higher_is_better(config))
    said = reasons.read(text)
    checks = loosening.judge(found, said, reasons.read(earlier))
    checks += owners.judge(folder, path.name)
    details: dict[str, Any] = {"base": commit, "tables": {"Every change": listed(found, said)}}
    if checks[0].decision == Decision.HOLD:
        details["next"] = NEXT
    return judgement.make("check_settings", checks, details=details)


def higher_is_better(config: Config) -> bool:
    """Return the direction of the metric that decides; only a metric of the user's own takes the workload to know."""
    if config.gate.metric in metrics.TABLE:
        return metrics.TABLE[config.gate.metric].higher_is_better
    found = workload.of(config)
    return metrics.find(config.gate.metric, found.contract.task, found.metrics).higher_is_better


def listed(found: Sequence[Change], said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a table of all changes, those that let more through first."""
    return [
        {
            "setting": change.name,
            "before": change.old,
            "now": change.new,
            "effect": change.effect,
            "reason": loosening.reason_of(change.key, said) or "none is given",
        }
        for change in sorted(found, key=lambda change: EFFECTS.index(change.effect))
    ]


def table(text: str, what: str) -> dict[str, Any]:
    """Read TOML. Raises EvidenceError, calling the text `what`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(
            f"{what} cannot be read as TOML: {error}. Name a readable base with --base, and look at each change."
        ) from error
