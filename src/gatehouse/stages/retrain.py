"""Train again on the newest rows, and put the new model through the same gates.

Examples:
  scripts/retrain.py --reason "drift in amount and device"
  scripts/retrain.py --until 2026-09-01 --bundle build/bundle
then scripts/check_serving.py and scripts/register.py
"""

import argparse
from pathlib import Path
from typing import Any

from gatehouse import bundle as bundles
from gatehouse import files, workload
from gatehouse.config import Config, Since, position
from gatehouse.registry import connect
from gatehouse.stages import check_leakage, check_model, gate, judgement, train, validate_data
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Decision, Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--until", type=position, help="row or day after the last (default: the newest row)")
    parser.add_argument("--reason", default="asked for by hand", help="why; it stands in the verdict (%(default)s)")
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="folder to write (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Retrain as the command line says."""
    judged = args.out.with_name("gate.json")
    return run(config, workload.of(config), args.until, args.bundle, reason=args.reason, judged=judged)


def run(config: Config, found: Workload, until: Since, path: Path, *, reason: str, judged: Path) -> Verdict:
    """Validate the sliding window, train on it and judge the result: by itself, for leaks, and then by the same gate.

    The gate's own verdict is written to `judged`, where register looks for it; no verdict is left there when the data
    is broken (mend the pipeline that delivered it), or the model is not sane or leaks: then the gate is not asked.
    """
    judged.unlink(missing_ok=True)
    window = rowsets.sliding(found, config.retrain.window, until)
    details: dict[str, Any] = {"reason": reason, "since": str(window.since), "until": str(window.until)}
    before = [validate_data.run(config, found, found.load(window.since, window.until), window)]
    if before[0].exit_code:
        return judgement.make("retrain", before[0].checks, subject=before[0].subject, details=details)
    train.run(config, found, window, path, seed=config.train.seed)
    candidate = bundles.read(path)
    registry = connect(config)
    before.append(check_model.run(config, found, candidate))
    if before[-1].decision == Decision.PROMOTE:
        before.append(check_leakage.run(config, found, candidate, registry))
    checks = [check for verdict in before for check in verdict.checks]
    if all(verdict.decision in (Decision.PROMOTE, Decision.HOLD) for verdict in before):
        verdict = gate.run(config, found, candidate, registry, before)
        files.write_text(judged, verdict.to_json())
        checks = [*verdict.checks, *checks]
        details |= verdict.details
    return judgement.make("retrain", checks, subject=train.subject(candidate), details=details)
