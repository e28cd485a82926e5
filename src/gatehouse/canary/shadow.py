"""Whether a shadow answers as stable does: the same requests, answered by both, of which users see one.

Answers are joined by request. A pair differs when the classes differ, or when probabilities, or numbers in units of
stable's spread, lie too far apart. Another model may differ a little: what is allowed is the share of the newest rows
on which these two were seen to differ, and a margin. It is tested by e-processes of a binomial, so it may be looked at
all the time (`sequential`). A request that is sent again is one request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from gatehouse.canary import sequential
from gatehouse.canary.sequential import START, Process, spoken
from gatehouse.knobs import Count, Looser, Percent, Share, knobs
from gatehouse.verdicts import Check, Decision

# By this name the gate tells on what share of the newest rows the two differ.
DISAGREEMENT = "disagreement"
# From the quartiles to a standard deviation, where values are normal.
QUARTILES = 1.349
# Numbers of stable from which its spread is read.
FEWEST_VALUES = 30
# What is allowed stays below a half, or swapped classes of rare positives would pass.
MOST_ALLOWED = 0.5


@knobs
class Knobs:
    """What is copied, how near two answers must be, and how often they may not be.

    `share` percent of the requests are copied. Answers agree that name one class and whose probabilities are within
    `near`; for numbers that is a share of stable's spread. The shadow may differ in `disagreement` of the requests more
    than on the newest rows. `alpha` and `beta` are the chances of either error. Servers keep `kept` answers (0: none).
    """

    share: Percent = 20
    minimum_pairs: Annotated[Count, Looser("lower")] = 200
    near: Annotated[Share, Looser("higher")] = 0.1
    disagreement: Annotated[Share, Looser("higher")] = 0.05
    alpha: Annotated[Share, Looser("lower")] = 0.05
    beta: Annotated[Share, Looser("higher")] = 0.05
    kept: Annotated[int, Field(ge=0)] = 2000


class Told(NamedTuple):
    """One answer: its number on its server, what it is joined by, the value, and the probability of each class."""

    number: int
    key: str
    value: str | float
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Recalled:
    """The answers that one server remembers, oldest first; of `size` 0 it was started without a memory."""

    server: str
    size: int
    answers: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Shadowed:
    """What was found of a shadow. `expected` is the share of the newest rows on which it and stable differ.

    `read` is the number of the last answer that was looked at, by server, and `apart` the sum of all differences.
    `spread` of stable's numbers is frozen before the first pair.
    """

    share: int = 0
    expected: float | None = None
    spread: float | None = None
    read: Mapping[str, int] = field(default_factory=dict)
    pairs: int = 0
    differing: int = 0
    apart: float = 0.0
    worse: Process = START
    sound: Process = START


def begun(expected: Mapping[str, float] | None, share: int) -> Shadowed:
    """Return what is known before the first copy; `expected` is what the gate told of the two models."""
    return Shadowed(share, (expected or {}).get(DISAGREEMENT))


def joined(seen: Shadowed, canary: Sequence[Recalled], stable: Sequence[Recalled], knobs: Knobs) -> Shadowed:
    """Return what is known after another look at what both remember; the canary was read first.

    A copy is sent when stable has answered. So stable remembers it, or has forgotten it since.
    """
    known = {told.key: told for server in stable for told in server.answers}
    spread = seen.spread or spread_of(told.value for told in known.values())
    if spread is None:
        return seen
    pairs = [
        difference(told, known[told.key], spread)
        for server in canary
        for told in server.answers
        if told.number > seen.read.get(server.server, 0) and told.key in known
    ]
    last = {server.server: max(told.number for told in server.answers) for server in canary if server.answers}
    differing, odds = sum(differs(pair, knobs.near) for pair in pairs), allowed(seen, knobs)
    odds /= 1 - odds
    return replace(
        seen,
        spread=spread,
        read={**seen.read, **last},
        pairs=seen.pairs + len(pairs),
        differing=seen.differing + differing,
        apart=seen.apart + sum(min(pair, 1.0) for pair in pairs),
        worse=sequential.more(seen.worse, differing, len(pairs) - differing, odds),
        sound=sequential.fewer(seen.sound, differing, len(pairs) - differing, odds),
    )


def difference(ours: Told, theirs: Told, spread: float) -> float:
    """Return how far two answers are apart: infinitely for two classes, else by probability, or in spreads."""
    if isinstance(ours.value, str) or isinstance(theirs.value, str):
        mine, other = ours.scores or {}, theirs.scores or {}
        far = max((abs(mine.get(name, 0.0) - other.get(name, 0.0)) for name in {**mine, **other}), default=0.0)
        return far if ours.value == theirs.value else float("inf")
    return abs(ours.value - theirs.value) / spread


def differs(difference: float, near: float) -> bool:
    """Tell whether two answers that are so far apart are two."""
    return difference > near


def spread_of(values: Iterable[str | float]) -> float | None:
    """Return the spread of numbers by their quartiles, 1 for classes; None of too few to tell."""
    found = list(values)
    if any(isinstance(value, str) for value in found):
        return 1.0
    if len(found) < FEWEST_VALUES:
        return None
    low, high = np.percentile(np.array(found, dtype=float), [25, 75])
    return float((high - low) / QUARTILES) or 1.0


def allowed(seen: Shadowed, knobs: Knobs) -> float:
    """Return the share of the requests on which the two may differ."""
    return min((seen.expected or 0.0) + knobs.disagreement, MOST_ALLOWED)


def judge(seen: Shadowed, knobs: Knobs) -> Check:
    """Judge by all pairs so far: reject more differences than are allowed, promote fewer, hold while neither is proven.

    `observed` is the share that differs, `limit` what is allowed.
    """
    n, limit = seen.pairs, allowed(seen, knobs)
    worse, sound, needed = sequential.odds(seen.worse), sequential.odds(seen.sound), 1 / knobs.alpha
    by_rows = "no comparison on the newest rows says how much to expect"
    if seen.expected is not None:
        by_rows = f"{seen.expected:.1%} of it by the newest rows"
    told = (
        f"The shadow answered {seen.differing} of {n} requests otherwise than stable, "
        f"and scores are {seen.apart / n if n else 0:.3f} apart on average; {limit:.1%} are allowed, {by_rows}"
    )
    decision, why = Decision.HOLD, f"{told}. {max(sound, worse):.3g} to 1 speak for either, and that settles nothing."
    if worse >= needed:
        decision, why = Decision.REJECT, f"{told}: more is proven, {spoken(worse)}."
    elif n < knobs.minimum_pairs:
        why = f"{told}. {knobs.minimum_pairs} requests that both answered are needed."
    elif sound >= 1 / knobs.beta:
        decision, why = Decision.PROMOTE, f"{told}: fewer is proven, {spoken(sound)}."
    return Check("shadow agreement", decision, why, seen.differing / n if n else 0.0, limit, n=n)
