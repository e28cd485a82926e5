"""Latency: the candidate answers about as fast as the champion, side by side on one machine, and fast enough at all.

Times are taken in pairs: the same request to both, one right after the other, in changing order, so that whatever slows
the machine slows both. Medians and p95 are compared, and never p99: the same model twice differs there by 10 % one time
in five. The bounds are those of a seeded circular block bootstrap over the pairs (Politis & Romano 1992): a slow moment
of the machine lasts for several requests, and no closed form of a p95 knows of it. Fresh processes of one bundle differ
by 1 % in their medians, which is small beside any sensible limit, so they are not resampled as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from gatehouse.gates import quality
from gatehouse.gates.interval import Confidence
from gatehouse.knobs import Count, Looser, Multiple, Positive, knobs
from gatehouse.verdicts import Check, Decision

# A p95 of fewer times is decided by the slowest one or two.
FEWEST = 40
# Pairs that are drawn together: at 10 ms a request some 0.2 s, about as long as another program's time slice lasts.
BLOCK = 10
SINGLE, BATCH = "one row", "a batch"
MEDIAN, P95 = 0.5, 0.95
# What a plot draws of a distribution.
LEVELS = (0.01, *(step / 40 for step in range(1, 40)), 0.99)
Requests = Annotated[int, Field(ge=FEWEST)]


@knobs
class Knobs:
    """What a single row may take at p95, in milliseconds, and how many times as long as the champion a request may.

    A round starts both anew and sends `requests` single rows and `batches` of `batch_rows` rows to each. After `rounds`
    of them the evidence is looked at and, while it is not settled, after each further one, up to `maximum_rounds`.
    """

    p95_ms: Annotated[Positive, Looser("higher")] = 100.0
    median_ratio: Annotated[Multiple, Looser("higher")] = 1.15
    p95_ratio: Annotated[Multiple, Looser("higher")] = 1.25
    requests: Annotated[Requests, Looser("lower")] = 200
    batches: Annotated[Requests, Looser("lower")] = 40
    batch_rows: Annotated[Count, Looser("lower")] = 100
    rounds: Annotated[Count, Looser("lower")] = 2
    maximum_rounds: Count = 6
    confidence: Annotated[Confidence, Looser("lower")] = 0.99
    bootstraps: Annotated[int, Field(ge=100), Looser("lower")] = 1000
    seed: int = 0


@dataclass(frozen=True)
class Times:
    """The milliseconds of one model's requests, by their kind, in the order in which they were made; shapes (n,).

    The champion's n-th request of a kind is the candidate's n-th, made right before or after it.
    """

    single: np.ndarray
    batch: np.ndarray


def judge(candidate: Times, champion: Times | None, knobs: Knobs) -> list[Check]:
    """Judge the candidate's p95 of a single row and, beside a champion, its median and p95 of every kind of request.

    Promoted is what is proven to keep its limit, rejected what is proven not to. A budget that the champion misses
    here, too, is held: it served within it, so that this machine cannot tell. Times that are missing, unpaired, or no
    positive numbers give a check that says `error`.
    """
    if champion is None:
        if why := broken(candidate.batch, candidate.batch):
            return [Check(f"time of {BATCH}", Decision.ERROR, why, n=len(candidate.batch))]
        found = [drawing(SINGLE, candidate.single, None), drawing(BATCH, candidate.batch, None)]
        return [replace(judge_budget(candidate.single, knobs), details={"latency": found})]
    return [
        *compare(SINGLE, candidate.single, champion.single, knobs),
        *compare(BATCH, candidate.batch, champion.batch, knobs),
        beside(judge_budget(candidate.single, knobs), champion.single, knobs),
    ]


def judge_budget(candidate: np.ndarray, knobs: Knobs) -> Check:
    """Judge the p95 of single rows, in milliseconds shape (n,), against the absolute budget."""
    name = f"p95 of {SINGLE}, ms"
    if why := broken(candidate, candidate):
        return Check(name, Decision.ERROR, why, n=len(candidate))
    drawn = resampled(candidate, knobs)
    observed = float(np.quantile(candidate, P95))
    low, high = bounds(np.quantile(drawn, P95, axis=1), knobs.confidence)
    decision = quality.decide(-high, -low, -knobs.p95_ms)
    said = {
        Decision.PROMOTE: "which is proven to be within",
        Decision.REJECT: "which is proven to be above",
        Decision.HOLD: "which may be within or above",
    }[decision]
    why = (
        f"One row takes the candidate {observed:.3g} ms at p95 (median {np.median(candidate):.3g} ms; "
        f"{interval(low, high, knobs)}), {said} the budget of {knobs.p95_ms:g} ms."
    )
    return Check(name, decision, why, observed, knobs.p95_ms, (low, high), len(candidate))


def beside(budget: Check, champion: np.ndarray, knobs: Knobs) -> Check:
    """Turn the candidate's reject into a hold where the champion's p95, of times (n,), is not within the budget either.

    A busy machine makes every model slow. A model that is slower than the champion fails by its ratios all the same.
    """
    theirs = judge_budget(champion, knobs)
    if budget.decision != Decision.REJECT or theirs.decision == Decision.PROMOTE or theirs.observed is None:
        return budget
    why = (
        f"{budget.why} The champion's p95 is {theirs.observed:.3g} ms and not proven to be within it either: this "
        "machine is too busy or too slow to tell."
    )
    return replace(budget, decision=Decision.HOLD, why=why)


def compare(kind: str, candidate: np.ndarray, champion: np.ndarray, knobs: Knobs) -> Iterator[Check]:
    """Compare the medians and the p95 of one kind of request, given in milliseconds, shape (n,) each."""
    if why := broken(candidate, champion):
        yield Check(f"time of {kind}", Decision.ERROR, why, n=len(candidate))
        return
    pairs = resampled(np.column_stack([candidate, champion]), knobs)
    for word, level, limit in (("median", MEDIAN, knobs.median_ratio), ("p95", P95, knobs.p95_ratio)):
        ours, theirs = np.quantile(candidate, level), np.quantile(champion, level)
        drawn = np.quantile(pairs, level, axis=1)
        low, high = bounds(drawn[:, 0] / drawn[:, 1], knobs.confidence)
        decision = quality.decide(-high, -low, -limit)
        ratio = float(ours / theirs)
        why = (
            f"The {word} of {kind} is {ours:.3g} ms for the candidate and {theirs:.3g} ms for the champion, which is "
            f"{ratio:.3g} times as long ({interval(low, high, knobs)}): {follows(decision, limit)}"
        )
        details = {"latency": [drawing(kind, candidate, champion)]} if level == MEDIAN else {}
        name = f"{word} of {kind}, ratio"
        yield Check(name, decision, why, ratio, limit, (low, high), len(candidate), details=details)


def broken(candidate: np.ndarray, champion: np.ndarray) -> str:
    """Say why times are no evidence; nothing when they are."""
    if len(candidate) != len(champion):
        return f"{len(candidate)} times of the candidate and {len(champion)} of the champion are no pairs: time both."
    if len(candidate) < FEWEST:
        return f"{len(candidate)} times were taken, and a p95 needs at least {FEWEST}: time the model longer."
    times = np.concatenate([candidate, champion])
    if not (np.isfinite(times) & (times > 0)).all():
        return "Some times are NaN, infinite or not above 0: time the model again."
    return ""


def resampled(times: np.ndarray, knobs: Knobs) -> np.ndarray:
    """Return resamples of rows of `times`, shape (n, ...), in blocks that go round at the end: (bootstraps, n, ...)."""
    n = len(times)
    starts = np.random.default_rng(knobs.seed).integers(0, n, (knobs.bootstraps, -(-n // BLOCK), 1))
    places = (starts + np.arange(BLOCK)).reshape(knobs.bootstraps, -1)[:, :n] % n
    drawn: np.ndarray = times[places]
    return drawn


def bounds(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the lower and the upper bound, each one-sided at `confidence`, of resampled values, shape (n,)."""
    low, high = np.quantile(values, [1 - confidence, confidence]).tolist()
    return low, high


def interval(low: float, high: float, knobs: Knobs) -> str:
    """Write an interval; two one-sided bounds at 99 % make one of 98 %."""
    return f"{100 * (2 * knobs.confidence - 1):g} % interval {low:.3g} to {high:.3g}"


def follows(decision: Decision, limit: float) -> str:
    """Say what a ratio's interval proves."""
    return {
        Decision.PROMOTE: f"it is proven to be at most {limit:g} times.",
        Decision.REJECT: f"it is proven to be more than {limit:g} times.",
        Decision.HOLD: f"it is not settled whether it is more than {limit:g} times.",
    }[decision]


def drawing(kind: str, candidate: np.ndarray, champion: np.ndarray | None) -> dict[str, Any]:
    """Return what a report draws of one kind of request: the times at LEVELS of both distributions."""
    both = {"candidate": candidate} | ({} if champion is None else {"champion": champion})
    drawn = {who: np.quantile(times, LEVELS).tolist() for who, times in both.items() if len(times)}
    return {"kind": kind, "levels": LEVELS, **drawn}
