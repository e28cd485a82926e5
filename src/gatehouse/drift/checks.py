"""From findings to checks: sentences that name the columns and the numbers."""

from collections.abc import Sequence

from gatehouse.drift.finding import Finding, Role
from gatehouse.drift.knobs import Knobs
from gatehouse.verdicts import Check, Decision

NAMES: dict[Role, str] = {"input": "feature drift", "output": "prediction drift"}
# More names than this make no sentence; the table has them all.
NAMED = 5


def size(rows: int, reference_rows: int, knobs: Knobs) -> Check:
    """Hold when the window, or the reference, has too few rows: that is never "no drift"."""
    name, limit = "window size", knobs.minimum_rows
    details = {"reference": reference_rows}
    why = f"The window has {rows:,} rows and the reference {reference_rows:,}; {limit:,} are needed."
    if min(rows, reference_rows) >= limit:
        return Check(name, Decision.PROMOTE, why, rows, limit, n=rows, details=details)
    mend = "They count towards the next window." if rows < limit else "Train on more rows, or lower minimum_rows."
    return Check(
        name, Decision.HOLD, f"Insufficient: {why[0].lower()}{why[1:]} {mend}", rows, limit, n=rows, details=details
    )


def broken(findings: Sequence[Finding], rows: int) -> Check:
    """Reject at once what is no drift: columns that went missing, and levels that never were."""
    found = [finding for finding in findings if finding.broken]
    details = {"features": [finding.name for finding in found]}
    if not found:
        why = "No column has lost its values, and no new level has come up."
        return Check("broken data", Decision.PROMOTE, why, 0, 0, n=rows, details=details)
    listed = _listed([f"{finding.name} ({finding.broken})" for finding in found])
    why = f"Broken data is not drift; fix the pipeline before anything is retrained: {listed}."
    return Check("broken data", Decision.REJECT, why, len(found), 0, n=rows, details=details)


def drift(findings: Sequence[Finding], role: Role, knobs: Knobs) -> Check:
    """Reject drift that was there before, hold what is seen for the first time."""
    moved = [finding for finding in findings if finding.role == role and finding.alarmed]
    kept = [finding for finding in moved if finding.confirmed]
    largest = max(
        (finding for finding in findings if finding.role == role and finding.effect is not None),
        key=lambda finding: (finding.effect or 0.0) / (finding.floor or 1.0),
        default=None,
    )
    what = "inputs" if role == "input" else "outputs"
    if kept:
        decision = Decision.REJECT
        why = f"Drift in {knobs.persistent} of the last {knobs.windows} windows: {_described(kept)}."
    elif [finding for finding in moved if not finding.broken]:
        decision = Decision.HOLD
        why = f"Drift, seen for the first time in {knobs.windows} windows: {_described(moved)}."
    else:
        decision = Decision.PROMOTE
        why = f"None of the {what} has drifted" + (f"; most moved {_described([largest])}." if largest else ".")
    return Check(
        NAMES[role],
        decision,
        why,
        observed=largest.effect if largest else None,
        limit=largest.floor if largest else None,
        n=largest.n if largest else None,
        details={"features": [finding.name for finding in moved], "confirmed": [finding.name for finding in kept]},
    )


def _described(findings: Sequence[Finding]) -> str:
    order = sorted(findings, key=lambda finding: -(finding.effect or 0.0) / (finding.floor or 1.0))
    return _listed([_one(finding) for finding in order])


def _one(finding: Finding) -> str:
    if finding.broken:
        return f"{finding.name} ({finding.broken})"
    if finding.alarmed and not finding.drifted:
        return (
            f"{finding.name} ({finding.missing_window:.1%} missing, {finding.missing_reference:.1%} in the reference)"
        )
    q = "" if finding.q is None else f", q {finding.q:.2g}"
    index = "" if finding.psi is None else f", PSI {finding.psi:.3g}"
    return f"{finding.name} (effect {finding.effect or 0:.3g}, floor {finding.floor or 0:g}{index}{q})"


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - NAMED
    return ", ".join(parts[:NAMED]) + (f" and {more} more" if more > 0 else "")
