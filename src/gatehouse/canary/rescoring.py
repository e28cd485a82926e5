"""Whether the canary's servers answer what its bundle answers: logged rows, scored again by the bundle, are held to it.

A model that differs from stable may be right. A server that differs from its own bundle never is: it runs something
else than what its gate let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from gatehouse.canary.evidence import lower_bound, upper_bound
from gatehouse.verdicts import Check, Decision

NAME = "logged answers"
# This share of the rows may fall to the other side of a split's edge, where two machines round a sum in its last digit.
# It is exceeded when its exact lower bound is, or a sound canary at this share would soon be rolled back by chance.
EDGE, CONFIDENCE = 1e-4, 0.999
# Up to where a log was read, by the server that writes it: the number of its file, and bytes of that.
Read = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Rescored:
    """Rows that were scored again, those of them with another answer, and with another label, by one look or by all.

    `largest` is the largest difference of a score or of a number, and `tolerance` what is allowed. `why` says what
    keeps rows from being scored, and is empty where nothing does.
    """

    rows: int = 0
    differing: int = 0
    flipped: int = 0
    largest: float = 0.0
    tolerance: float = 0.0
    read: Read = field(default_factory=dict)
    why: str = ""


def grown(seen: Rescored, found: Rescored, after: Read) -> Rescored:
    """Return what is known with another look, which read on `after` what was read before.

    It adds nothing where another program has read on meanwhile: no row counts twice.
    """
    if dict(after) != dict(seen.read):
        return seen
    return Rescored(
        seen.rows + found.rows,
        seen.differing + found.differing,
        seen.flipped + found.flipped,
        max(seen.largest, found.largest),
        found.tolerance or seen.tolerance,
        {**seen.read, **found.read},
        found.why,
    )


def judge(seen: Rescored, who: str = "canary") -> Check:
    """Judge the logged answers of the canary, or of `who` else is tried: reject others than its bundle's own.

    Where none was scored again nothing is judged: the check does not count, and says why. `observed` is the share of
    the rows with another answer, `limit` the one that there may be.
    """
    n = seen.rows
    if not n:
        why = seen.why or "none was found yet."
        return Check(NAME, Decision.HOLD, f"No logged answer of the {who} was scored again: {why}", n=0, advisory=True)
    again = f"Of {n:,} logged answers of the {who} its bundle, asked again, gives"
    bounds = lower_bound(seen.differing, n, CONFIDENCE), upper_bound(seen.differing, n, CONFIDENCE)
    judged = partial(Check, NAME, observed=seen.differing / n, limit=EDGE, interval=bounds, n=n)
    if bounds[0] <= EDGE:
        others = f"all but {seen.differing}, as rounding may ({EDGE:.2%})" if seen.differing else "all"
        return judged(Decision.PROMOTE, f"{again} {others}, with numbers that are within {seen.tolerance:g}.")
    why = (
        f"{again} {seen.differing:,} otherwise: {seen.flipped:,} other labels, and numbers that are up to "
        f"{seen.largest:.2g} apart, where {seen.tolerance:g} is allowed. What serves is not what its gate let through: "
        "look at the servers' image and libraries, and roll out again."
    )
    return judged(Decision.REJECT, why)
