"""From a window of rows and a reference profile to one outcome: significant, large and persistent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from gatehouse.contract import Contract
from gatehouse.drift import checks, column, finding, labels, outputs, persistence, profile
from gatehouse.drift.finding import Finding
from gatehouse.drift.knobs import Knobs
from gatehouse.drift.labels import Measured
from gatehouse.drift.profile import Reference
from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

Action = Literal["none", "log", "issue", "retrain"]


@dataclass(frozen=True)
class Outcome:
    """What a window showed.

    `table` has a row for each feature and output, and one more for each that lost values or has new levels.
    `alarmed` names what this window alarmed: store it for the next ones. Where not `judged`, the window had too few
    rows: add them to the next one, and store nothing.
    """

    checks: Sequence[Check]
    table: Sequence[Mapping[str, Any]]
    alarmed: tuple[str, ...]
    action: Action
    judged: bool
    notices: tuple[str, ...] = ()


def judge(
    document: Mapping[str, Any],
    contract: Contract,
    features: pd.DataFrame,
    predictions: Predictions,
    earlier: Sequence[Collection[str]],
    knobs: Knobs,
    performance: Measured | None = None,
) -> Outcome:
    """Judge a window's rows and the model's answers to them against a reference profile.

    `earlier` holds what the windows before alarmed, the latest last. A feature that the window lacks counts as all
    missing. Promote: no drift. Hold: drift for the first time, or too few rows. Reject: drift confirmed, data broken,
    or labelled performance below its floor. Raises EvidenceError when the profile is another model's or the answers
    are not those of the rows. Formulas: STATISTICS, "Drift".
    """
    reference = profile.read(document, contract)
    if len(features) != len(predictions):
        raise EvidenceError(f"The window has {len(features)} rows and {len(predictions)} answers; log both together.")
    performing = labels.judge(performance, knobs.performance_floor)
    size = checks.size(len(features), reference.rows, knobs)
    if size.decision != Decision.PROMOTE:
        action: Action = "retrain" if performing.decision == Decision.REJECT else "none"
        return Outcome([size, performing], [], (), action, judged=False)
    findings = _confirmed(_findings(reference, contract, features, predictions, knobs), earlier, knobs)
    broken = checks.broken(findings, len(features))
    moved = [checks.drift(findings, "input", knobs), checks.drift(findings, "output", knobs)]
    return Outcome(
        [*moved, broken, size, performing],
        [row for found in findings for row in finding.rows(found, knobs)],
        tuple(sorted(found.name for found in findings if found.alarmed)),
        _action(findings, performing, knobs),
        judged=True,
        notices=_notices(reference, contract, findings, len(features), knobs),
    )


def _findings(
    reference: Reference, contract: Contract, features: pd.DataFrame, predictions: Predictions, knobs: Knobs
) -> list[Finding]:
    """Examine every input and output, and adjust their tests together."""
    names = [item.name for item in profile.followed(contract)]
    table = profile.visible(contract).frame(features.reindex(columns=names).reset_index(drop=True))
    answers = outputs.columns(predictions, contract)
    rows = len(features)
    # At scale everything is significant, and nothing is the faster for it.
    sampled = (
        np.random.default_rng(knobs.seed).choice(rows, knobs.maximum_rows, replace=False)
        if rows > knobs.maximum_rows
        else None
    )
    found = [column.examine(name, "input", reference.features[name], table[name], sampled, knobs) for name in names]
    found += [
        column.examine(name, "output", reference.outputs[name], values, sampled, knobs)
        for name, values in answers.items()
    ]
    return finding.adjust(found, knobs)


def _confirmed(findings: list[Finding], earlier: Sequence[Collection[str]], knobs: Knobs) -> list[Finding]:
    alarmed = [found.name for found in findings if found.alarmed]
    kept = persistence.confirmed(alarmed, earlier, knobs.windows, knobs.persistent)
    return [replace(found, confirmed=found.name in kept) for found in findings]


def _action(findings: Sequence[Finding], performing: Check, knobs: Knobs) -> Action:
    """Broken data stops retraining; a lost performance retrains; drift alone only if a setting says so."""
    kept = [found for found in findings if found.confirmed]
    if any(found.broken for found in findings):
        return "issue"
    if performing.decision == Decision.REJECT:
        return "retrain"
    if knobs.retrain_psi > 0 and any((found.psi or 0.0) > knobs.retrain_psi for found in kept):
        return "retrain"
    if kept:
        return "issue"
    return "log" if any(found.alarmed for found in findings) else "none"


def _notices(
    reference: Reference, contract: Contract, findings: Sequence[Finding], rows: int, knobs: Knobs
) -> tuple[str, ...]:
    """Say what limits this judgement without deciding it."""
    hidden = [item.name for item in contract.features if item.sensitive]
    untested = [found.name for found in findings if found.test == "none"]
    notices = {
        f"The reference has {reference.rows:,} rows, fewer than ten times the window's {rows:,}: "
        "small drift may be missed.": reference.rows < 10 * rows,
        f"The window has {rows:,} rows: distributions were tested on {knobs.maximum_rows:,} of them.": rows
        > knobs.maximum_rows,
        f"Not followed, because they are sensitive: {', '.join(hidden)}.": bool(hidden),
        f"Followed for missing values only: {', '.join(untested)}.": bool(untested),
    }
    return tuple(text for text, holds in notices.items() if holds)
