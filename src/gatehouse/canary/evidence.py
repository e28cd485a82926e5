"""What counters prove about a canary, however often they are looked at.

The ceilings are absolute. They break when the exact lower bound of a share, of all that was counted since the step
began, stands above them: a bare comparison every minute rolls back healthy canaries.
"""

from typing import Annotated

from scipy.special import betaincinv

from gatehouse.canary.counters import Counters, Edge
from gatehouse.knobs import Count, Looser, Share, knobs
from gatehouse.verdicts import Check, Decision

# A p95 above its limit means that more than this share of the answers is slower than the limit.
SLOW_SHARE = 0.05


@knobs
class Knobs:
    """The ceilings that roll back, and what a step needs before it goes on."""

    error_rate: Annotated[Share, Looser("higher")] = 0.05
    latency_p95_ms: Annotated[Edge, Looser("higher")] = 200.0
    confidence: Annotated[Share, Looser("higher")] = 0.999
    minimum_requests: Annotated[Count, Looser("lower")] = 200
    minimum_latency_requests: Annotated[Count, Looser("higher")] = 200
    unanswered_requests: Annotated[Count, Looser("higher")] = 10


def judge(counted: Counters, knobs: Knobs, who: str = "canary") -> tuple[Check, ...]:
    """Judge what was counted of a canary since its step began, or of `who` else is tried.

    reject: roll back now; hold: not enough was seen yet; promote: enough was seen, and nothing is wrong.
    """
    return (answers(counted, knobs, who), errors(counted, knobs, who), latency(counted, knobs, who))


def answers(counted: Counters, knobs: Knobs, who: str = "canary") -> Check:
    """Judge whether the canary answers at all, and often enough to be judged by.

    A refused request (4xx) is no answer that counts: a canary that takes nobody's rows must not go on. But it is no
    failure either, since it may be the client's own.
    """
    n, good, needed = counted.requests, counted.answered, knobs.minimum_requests
    if n >= knobs.unanswered_requests and counted.errors + counted.abandoned == n:
        decision, why = Decision.REJECT, f"The {who} was sent {n} requests and answered none."
    elif n == 0:
        decision, why = Decision.HOLD, f"The {who} was sent no request: it has shown nothing."
    else:
        decision = Decision.PROMOTE if good >= needed else Decision.HOLD
        refused = f" and refused {counted.refused} (4xx)" if counted.refused else ""
        why = f"The {who} answered {good} of {n} requests{refused}; a step needs {needed} answers."
    return Check(f"{who} answers", decision, why, observed=float(good), limit=float(needed), n=n)


def errors(counted: Counters, knobs: Knobs, who: str = "canary") -> Check:
    """Judge the share of errors against its ceiling."""
    return _ceiling(f"{who} errors", "errors", counted.errors, counted.requests, knobs.error_rate, knobs.confidence)


def latency(counted: Counters, knobs: Knobs, who: str = "canary") -> Check:
    """Judge the p95 by the share of answers above its ceiling; with too few requests it decides nothing."""
    n, limit = counted.requests, knobs.latency_p95_ms
    if n < knobs.minimum_latency_requests:
        why = f"Latency is judged from {knobs.minimum_latency_requests} requests; there were {n}."
        return Check(f"{who} latency", Decision.HOLD, why, n=n, advisory=True)
    what = f"answers slower than {limit:g} ms"
    return _ceiling(f"{who} latency", what, counted.slower_than(limit), n, SLOW_SHARE, knobs.confidence)


def lower_bound(count: int, n: int, confidence: float) -> float:
    """Return the exact one-sided lower bound of a share (Clopper and Pearson 1934), 0 without any event."""
    return float(betaincinv(count, n - count + 1, 1 - confidence)) if count else 0.0


def upper_bound(count: int, n: int, confidence: float) -> float:
    """Return the exact one-sided upper bound of a share (Clopper and Pearson 1934), 1 without any request."""
    return float(betaincinv(count + 1, n - count, confidence)) if count < n else 1.0


def _ceiling(name: str, what: str, count: int, n: int, limit: float, confidence: float) -> Check:
    low, high = lower_bound(count, n, confidence), upper_bound(count, n, confidence)
    broken = low > limit
    bound = f"the lower {confidence:.1%} bound {low:.2%} is {'above' if broken else 'not above'} the limit {limit:.1%}"
    why = f"{count} {what} in {n} requests: {bound}."
    decision = Decision.REJECT if broken else Decision.PROMOTE
    return Check(name, decision, why, observed=count / n if n else 0.0, limit=limit, interval=(low, high), n=n)
