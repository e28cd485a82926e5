"""A fault, the gate that must refuse it, and what came of both the fault and the good input beside it."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.workshop import Workshop

from gatehouse.verdicts import SEVERITY, Check, Decision, Verdict

# What makes a step judge in a workshop.
Judge = Callable[[Workshop], Verdict]


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    `step` and `check` are the gate that must refuse it, by `decision` and with a sentence that holds `says`. A step
    that cannot judge at all makes one check with its own name; one that leaves it to a person holds. `bad` plants the
    fault and runs the step. `good` runs the same step on sound input, which must be promoted, and by the check
    `control`, or else by the same check.
    """

    name: str
    planted: str
    step: str
    check: str
    decision: Decision
    says: str
    bad: Judge
    good: Judge
    control: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a gate said: whether that is as it must be, the decision, and the sentence."""

    right: bool
    got: str
    why: str


def plant(fault: Fault, workshop: Workshop) -> Outcome:
    """Plant a fault and see what its gate says. A fault that another check refused was let through by its own."""
    verdict = fault.bad(workshop)
    check = next((check for check in _counted(verdict) if check.name == fault.check), None)
    if check is None or verdict.step != fault.step:
        return Outcome(False, f"{verdict.decision} by {verdict.step}, and no '{fault.check}'", verdict.why)
    right = check.decision == fault.decision and fault.says in check.why and _as_bad(verdict, fault.decision)
    return Outcome(right, str(check.decision), check.why)


def judge_sound(fault: Fault, workshop: Workshop) -> Outcome:
    """Let the fault's gate judge sound input, which it must promote."""
    # Many faults share one control, which is run once.
    verdict = workshop.sound.get(fault.good) or workshop.sound.setdefault(fault.good, fault.good(workshop))
    promoted = {check.name for check in _counted(verdict) if check.decision == Decision.PROMOTE}
    named = fault.check == fault.step or (fault.control or fault.check) in promoted
    right = verdict.step == fault.step and verdict.decision == Decision.PROMOTE and named
    return Outcome(right, str(verdict.decision), verdict.why)


def _counted(verdict: Verdict) -> list[Check]:
    return [check for check in verdict.checks if not check.advisory]


def _as_bad(verdict: Verdict, decision: Decision) -> bool:
    """Tell whether the whole verdict is at least as bad as the check that refused."""
    return SEVERITY.index(verdict.decision) >= SEVERITY.index(decision)
