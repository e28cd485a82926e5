"""The verdict contract: one type, one JSON form and one set of exit codes for every gate, check and rollout."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from gatehouse.errors import EvidenceError


class Decision(StrEnum):
    """The four ways in which a judgement ends."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"
    ERROR = "error"


# From best to worst: the worst check decides.
SEVERITY = (Decision.PROMOTE, Decision.HOLD, Decision.REJECT, Decision.ERROR)
EXIT_CODES = {Decision.PROMOTE: 0, Decision.HOLD: 0, Decision.REJECT: 1, Decision.ERROR: 2}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was observed, its limit, and what follows, in one sentence.

    `interval` is the confidence interval of `observed`; `n` is the number of rows or requests behind it.
    An advisory check is reported and decides nothing.
    """

    name: str
    decision: Decision
    why: str
    observed: float | None = None
    limit: float | None = None
    interval: tuple[float, float] | None = None
    n: int | None = None
    advisory: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Turn a check into an error when one of its numbers is not finite: such a number is no evidence."""
        numbers = {"observed": self.observed, "limit": self.limit}
        low, high = self.interval or (None, None)
        numbers |= {"interval's lower end": low, "interval's upper end": high}
        broken = [name for name, number in numbers.items() if number is not None and not math.isfinite(number)]
        if broken and self.decision != Decision.ERROR:
            object.__setattr__(self, "decision", Decision.ERROR)
            object.__setattr__(self, "why", f"The {broken[0]} of {self.name} is not a finite number. {self.why}")


@dataclass(frozen=True)
class Subject:
    """What a verdict is about. Whoever acts on a verdict checks that it is about the same thing."""

    commit: str | None = None
    data_hash: str | None = None
    bundle: str | None = None
    model_version: str | None = None
    image_digest: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The outcome of one step: its checks, its subject, when it was made and by which version of Gatehouse.

    `made_at` is in ISO 8601, UTC. `details` holds what a report draws: tables, curves, a timeline.
    """

    step: str
    checks: Sequence[Check]
    subject: Subject
    made_at: str
    made_by: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def decision(self) -> Decision:
        """The worst decision of the checks that count; without any such check, `error`."""
        decisions = [check.decision for check in self.checks if not check.advisory]
        return max(decisions, key=SEVERITY.index, default=Decision.ERROR)

    @property
    def why(self) -> str:
        """One sentence: that of the first check that decided."""
        for check in self.checks:
            if not check.advisory and check.decision == self.decision:
                return check.why
        return "No check was made, and missing evidence is never a pass."

    @property
    def exit_code(self) -> int:
        """0 for promote and hold, 1 for reject, 2 for error."""
        return EXIT_CODES[self.decision]

    @property
    def digest(self) -> str:
        """The SHA-256 of the verdict's JSON, by which an approval names it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the verdict as JSON; numbers that are not finite are written as null, dates as text."""
        document = {"decision": self.decision, "why": self.why, **asdict(self)}
        return json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def from_json(text: str) -> Verdict:
    """Read a verdict back.

    Raises EvidenceError when the text is no verdict, or when its checks do not lead to the decision it states.
    """
    try:
        document = json.loads(text)
        stated = Decision(document.pop("decision"))
        document.pop("why")
        checks = tuple(_check(item) for item in document.pop("checks"))
        verdict = Verdict(checks=checks, subject=Subject(**document.pop("subject")), **document)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise EvidenceError(f"This is no verdict: {error!r}. Run the step that writes it again.") from error
    if verdict.decision != stated:
        raise EvidenceError(
            f"The verdict of {verdict.step} states '{stated}', but its checks say '{verdict.decision}'. "
            "It was changed after it was made: run the step again."
        )
    return verdict


def _check(item: dict[str, Any]) -> Check:
    interval = item.pop("interval")
    decision = Decision(item.pop("decision"))
    return Check(decision=decision, interval=None if interval is None else (interval[0], interval[1]), **item)


def _finite(value: Any) -> Any:
    """Replace what JSON has no word for: NaN and infinity by null, numpy's scalars and arrays by Python's."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):  # numpy's, which this floor need not import
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
