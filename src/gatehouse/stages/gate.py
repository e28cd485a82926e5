"""Judge a candidate against the champion on the same held-out rows; what was checked before counts, too.

Examples:
  scripts/gate.py                                  after validate_data, train, check_model and check_leakage
  scripts/gate.py --bundle build/bundle --out build/verdicts/gate.json
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.errors import EvidenceError, NotComparableError
from gatehouse.gates import anchor, fairness, levels, quality, slices
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry, connect
from gatehouse.release import Release
from gatehouse.serving import runtime
from gatehouse.stages import evidence, judgement, predicted, scoring, train
from gatehouse.stages import rows as rowsets
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision, Subject, Verdict
from gatehouse.workload import Workload

# What must have been found of the data, and of the candidate by itself, before it is compared: the gate's verdict
# counts it in, so that whoever reads this verdict need not look for the others.
BEFORE = ("validate_data", "check_model", "check_leakage")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")
    where = "folder of the verdicts of validate_data, check_model and check_leakage (%(default)s)"
    parser.add_argument("--verdicts", type=Path, default=Path("build/verdicts"), help=where)


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Judge the bundle of the command line. Raises EvidenceError when a check before it is missing or about another."""
    candidate = bundles.read(args.bundle)
    about = train.subject(candidate)
    # Data is validated before there is a bundle of it.
    of_data, of_model = Subject(about.commit, about.data_hash), Subject(bundle=about.bundle)
    before = [
        evidence.read(args.verdicts / f"{step}.json", step, of_data if step == "validate_data" else of_model)
        for step in BEFORE
    ]
    return run(config, workload.of(config), candidate, connect(config), before)


def run(
    config: Config, found: Workload, candidate: Bundle, registry: Registry, before: Sequence[Verdict] = ()
) -> Verdict:
    """Judge a candidate on the holdout of its own window; without a champion, against the absolute floor.

    Each verdict in `before` becomes a check, so that the worst of all decides.
    """
    rows = rowsets.of_bundle(candidate, found, config)
    answers = runtime.load(candidate).predict_table(rows.holdout)
    champion, moved, old = registry.champion(), None, None
    if champion is None:
        checks = judged(config, found, rows, None, answers)
    else:
        unlike = []
        try:
            old = scoring.compared(registry, champion, found, rows.holdout)
        except NotComparableError as error:
            unlike = [_not_comparable("champion", champion, error)]
        against, moved = _anchored(config, found, rows, registry, champion, old, answers)
        # What cannot be compared is still held against every limit that needs no champion.
        checks = [*judged(config, found, rows, old, answers), *against, *unlike]
    checks += [Check(verdict.step, verdict.decision, verdict.why) for verdict in before]
    details = {
        "champion": champion.to_dict() if champion else None,
        "anchor": moved,
        "holdout": {"hash": rows.holdout_hash, "rows": len(rows.holdout)},
        "predictions": predicted.difference(old, answers, candidate, config.shadow.near),
    }
    return judgement.make("gate", checks, subject=train.subject(candidate), details=details)


def judged(
    config: Config, found: Workload, rows: Rows, champion: Predictions | None, candidate: Predictions
) -> list[Check]:
    """Return the checks of quality, slices and fairness. Raises EvidenceError when the two saw other rows."""
    for name, answers in (("champion", champion), ("candidate", candidate)):
        if answers is not None and len(answers) != len(rows.holdout):
            raise EvidenceError(f"The {name} answered {len(answers)} rows, and the holdout has {len(rows.holdout)}.")
    truth = found.truth(rows.holdout)
    checks = quality.judge(truth, champion, candidate, config.gate)
    cuts = levels.cut(rows.holdout, config.slices, slices.SECTION)
    if champion is not None:
        checks += slices.judge(cuts, truth, champion, candidate, config.slices)
    elif waiting := [*(f"guard {name}" for name in config.gate.guards), *(["slices"] if cuts else [])]:
        why = "It compares with a champion, and there is none to compare with: it judges from the next model on."
        checks += [Check(name, Decision.HOLD, why, advisory=True) for name in waiting]
    groups = levels.cut(rows.holdout, config.fairness, fairness.SECTION)
    return checks + fairness.judge(groups, truth, champion, candidate, config.fairness)


def _anchored(
    config: Config,
    found: Workload,
    rows: Rows,
    registry: Registry,
    champion: Release,
    old: Predictions | None,
    candidate: Predictions,
) -> tuple[list[Check], dict[str, str] | None]:
    """Return the check against the anchor, and the release that is the anchor from now on, if it moves.

    `register` moves it: to the champion, where none is named yet, where the champion is proven better, or where the
    anchor can no longer be compared, which a person has to approve. A champion without answers (`old`) shows nothing.
    """
    best = registry.anchor()
    if best is None or best.bundle == champion.bundle:
        return [], champion.to_dict() if best is None and old is not None else None
    try:
        answers = scoring.compared(registry, best, found, rows.holdout)
    except NotComparableError as error:
        return [_not_comparable("anchor", best, error)], champion.to_dict()
    truth = found.truth(rows.holdout)
    moves = old is not None and anchor.surpassed(truth, answers, old, config.gate)
    check = anchor.judge(truth, answers, candidate, best.version, config.gate)
    return [check], champion.to_dict() if moves else None


def _not_comparable(who: str, release: Release, error: NotComparableError) -> Check:
    why = f"Not comparable with the {who} {release.version}: {error}. A person may approve the candidate."
    return Check(f"{who} comparable", Decision.HOLD, why)
