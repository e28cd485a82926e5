"""Reading the verdict that another step wrote, before acting on it. Exit codes grant nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatehouse import files, ledger, verdicts
from gatehouse.errors import EvidenceError
from gatehouse.verdicts import Decision, Subject, Verdict

# Whose checks are of times, which differ whenever they are taken: who lets such a hold through means the bundle, and
# whatever its times say next. What holds for a reason that is no measurement is named in the approval, or not approved.
MEASURED = ("check_serving",)


def require(path: Path, step: str, subject: Subject, state: Path) -> Verdict:
    """Return the verdict at `path` when it allows to go on with `subject`.

    It must be `promote`, or `hold` with an approval in the ledger. Raises EvidenceError otherwise, and as `read` does.
    """
    verdict = read(path, step, subject)
    if verdict.decision == Decision.PROMOTE:
        return verdict
    if verdict.decision == Decision.HOLD and approved(verdict, state):
        return verdict
    advice = f"Approve it with: scripts/approve.py {path} --reason ..." if verdict.decision == Decision.HOLD else ""
    raise EvidenceError(f"The verdict of {step} is '{verdict.decision}': {verdict.why} {advice}".rstrip())


def read(path: Path, step: str, subject: Subject) -> Verdict:
    """Return the verdict at `path`, whatever it says.

    Raises EvidenceError unless it is the verdict of `step`, about the same subject (every field that `subject` sets).
    """
    verdict = verdicts.from_json(files.read_text(path, f"verdict of {step}"))
    if verdict.step != step:
        raise EvidenceError(f"{path} holds the verdict of '{verdict.step}', and that of '{step}' is needed.")
    check_subject(verdict, subject)
    return verdict


def check_subject(verdict: Verdict, subject: Subject) -> None:
    """Raise EvidenceError when the verdict is about something else than `subject`."""
    for name, wanted in vars(subject).items():
        found = getattr(verdict.subject, name)
        if wanted is not None and found != wanted:
            raise EvidenceError(
                f"The verdict of {verdict.step} is about {name} {found}, not {wanted}: it is stale, or another's. "
                f"Run {verdict.step} again."
            )


def approved(verdict: Verdict, state: Path) -> bool:
    """Tell whether the ledger holds an approval of exactly this verdict, or of a measurement of the same bundle."""
    return any(entry["event"] == "approval" and _covers(entry, verdict) for entry in ledger.read(state))


def _covers(approval: Mapping[str, Any], verdict: Verdict) -> bool:
    if approval["verdict"] == verdict.digest:
        return True
    bundle = verdict.subject.bundle
    same = approval.get("step") == verdict.step and approval.get("bundle") == bundle
    return same and bundle is not None and verdict.step in MEASURED and reasons(verdict) <= set(approval["reasons"])


def reasons(verdict: Verdict) -> set[str]:
    """Return the names of the checks that hold though nothing was measured: no other times would settle those."""
    held = [check for check in verdict.checks if check.decision == Decision.HOLD and not check.advisory]
    return {check.name for check in held if check.interval is None}
