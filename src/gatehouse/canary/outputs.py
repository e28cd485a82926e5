"""Whether a canary predicts otherwise than stable by more than it may.

That it differs at all is no fault: a model that was trained on a moved world should. So the index of the difference
(PSI) is tested against what the newest rows let expect of these two models, and a margin. It may be looked at all the
time: the j-th test is made when the rows of a step have doubled, at the level α/j(j+1), and all of them together keep
to α.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import betaln

from gatehouse import stability
from gatehouse.canary.counters import CLASS, Predicted, added, fell
from gatehouse.verdicts import Check, Decision

# Pooled bins hold at least so many expected rows of either version, as Pearson's χ² asks for.
FEWEST_ROWS = 5
# How far shares may scatter around the weight, as a Beta's two parameters together: the mixture of the e-value.
SCATTER = 200.0
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Tested:
    """The last test of one output: rows of the canary, the index, what it may be, its p-value and the level."""

    rows: int
    index: float
    limit: float
    p: float
    level: float

    @property
    def significant(self) -> bool:
        """Tell whether the index is proven to lie above its limit."""
        return self.p <= self.level


@dataclass(frozen=True)
class Outputs:
    """The rows of both versions by what was predicted, since the step began; and what was tested, by output.

    `expected` is the index on the newest rows. `tests` counts the tests of all steps. `differs` is the log of the
    e-value, of the steps before this one, of "both predict alike".
    """

    expected: Mapping[str, float] = field(default_factory=dict)
    canary: Predicted = field(default_factory=dict)
    stable: Predicted = field(default_factory=dict)
    tests: Mapping[str, int] = field(default_factory=dict)
    tested: Mapping[str, Tested] = field(default_factory=dict)
    differs: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The outputs of which both versions were seen to give some."""
        return sorted(name for name in self.canary if rows(self.canary[name]) and rows(self.stable.get(name, {})))


def rows(counts: Counts) -> int:
    """Return how many rows were predicted."""
    return sum(counts.values())


def new_step(seen: Outputs, share: float) -> Outputs:
    """Return the outputs at the beginning of a step, when `share` was the canary's in the step before.

    Counts begin anew, because the share belongs to one weight; the logs of the e-values add up.
    """
    differs = {name: difference(seen, name, share) for name in {*seen.differs, *seen.names}}
    return replace(seen, canary={}, stable={}, differs=differs)


def grown(seen: Outputs, canary: Predicted, stable: Predicted, margin: float, alpha: float) -> Outputs:
    """Return the outputs with the counts of another window; tests are made where rows have doubled.

    A count that went down means that a server was started anew: nothing is learned of this window.
    """
    if fell(canary) or fell(stable):
        return seen
    found = replace(seen, canary=added(seen.canary, canary), stable=added(seen.stable, stable))
    names = found.names
    for name in names:
        if rows(found.canary[name]) < 2 * _rows_tested(seen, name):
            continue
        number = seen.tests.get(name, 0) + 1
        result = examined(found, name, margin, alpha / len(names) / (number * (number + 1)))
        if result is not None:
            tests, tested = {**found.tests, name: number}, {**found.tested, name: result}
            found = replace(found, tests=tests, tested=tested)
    return found


def _rows_tested(seen: Outputs, name: str) -> int:
    """Return how many rows the last test of this step saw."""
    last = seen.tested.get(name)
    return last.rows if last is not None and last.rows <= rows(seen.canary.get(name, {})) else 0


def examined(seen: Outputs, name: str, margin: float, level: float) -> Tested | None:
    """Test one output, in as many bins as the rows bear; None while they do not bear two."""
    canary, stable = aligned(name, seen.canary[name], seen.stable[name])
    n, m, limit = int(canary.sum()), int(stable.sum()), seen.expected.get(name, 0.0) + margin
    most = 1 + int(limit / (4 * (1 / n + 1 / m)))
    if most < 2:
        return None
    ours, theirs = pooled(canary, stable, most)
    index = stability.index(theirs, ours)
    return Tested(n, index, limit, stability.p_value(index, len(ours), n, m, limit) if len(ours) > 1 else 1.0, level)


def index(name: str, canary: Counts, stable: Counts) -> float:
    """Return the index between two versions' counts of an output, in all bins that hold enough."""
    ours, theirs = pooled(*aligned(name, canary, stable), most=len(canary) + len(stable))
    return stability.index(theirs, ours)


def aligned(name: str, canary: Counts, stable: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Return both versions' counts in the same bins, shape (B,).

    A regression's versions count in bins of their own, named by their upper edges: the canary's are then shared out
    over stable's, as if rows lay evenly inside each.
    """
    if name == CLASS or set(canary) == set(stable):
        keys = sorted({*canary, *stable}, key=str if name == CLASS else float)
        return np.array([canary.get(key, 0) for key in keys]), np.array([stable.get(key, 0) for key in keys])
    (edges, ours), (others, theirs) = (_upto(counts) for counts in (canary, stable))
    # Without the ends, which are two single rows of a reference and not quantiles of it.
    shared = others[1:-1]
    found = np.interp(shared, edges, ours[:-1], left=0.0, right=ours[-1])
    there = np.interp(shared, others, theirs[:-1])
    return np.diff(found, prepend=0.0, append=ours[-1]), np.diff(there, prepend=0.0, append=theirs[-1])


def _upto(counts: Counts) -> tuple[list[float], np.ndarray]:
    """Return the finite edges, in order, and how many rows lie up to each of them, and in all."""
    keys = sorted(counts, key=float)
    return [float(key) for key in keys[:-1]], np.cumsum([float(counts[key]) for key in keys])


def pooled(canary: np.ndarray, stable: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts with the emptiest bins joined to a neighbour, until at most `most` are left and all are filled.

    A bin is filled when FEWEST_ROWS of either version would lie in it if both predicted alike.
    """
    ours, theirs = [float(count) for count in canary], [float(count) for count in stable]
    fewer = min(sum(ours), sum(theirs)) / max(1.0, sum(ours) + sum(theirs))
    while len(ours) > 1:
        sizes = [a + b for a, b in zip(ours, theirs, strict=True)]
        place = int(np.argmin(sizes))
        if len(ours) <= most and sizes[place] * fewer >= FEWEST_ROWS:
            break
        beside = [near for near in (place - 1, place + 1) if 0 <= near < len(sizes)]
        into = min(beside, key=lambda near: sizes[near])
        for counts in (ours, theirs):
            counts[into] += counts[place]
            del counts[place]
    return np.array(ours), np.array(theirs)


def difference(seen: Outputs, name: str, share: float) -> float:
    """Return the log of the e-value of "both predict alike", up to now.

    Given how many rows fell into a bin, the canary's are binomial with `share` if both predict alike; against it
    stands a Beta around `share`, a mixture that needs no alternative to be named.
    """
    before = seen.differs.get(name, 0.0)
    if name not in seen.names or not 0 < share < 1:
        return before
    ours, theirs = aligned(name, seen.canary[name], seen.stable[name])
    a, b = SCATTER * share, SCATTER * (1 - share)
    gained = betaln(a + ours, b + theirs) - betaln(a, b) - ours * np.log(share) - theirs * np.log(1 - share)
    return before + float(gained.sum())


def judge(seen: Outputs, share: float) -> tuple[Check, ...]:
    """Return a check of each output: reject what differs by more than it may, else promote; hold before the first test.

    Without a `share` that is known, of sticky clients, nothing is said of whether there is any difference at all.
    Where a later step has too few rows for one, the test of an earlier step stands.
    """
    if not seen.names:
        why = "No prediction of both versions could be read from their servers at this weight yet."
        return (Check("predictions beside stable", Decision.HOLD, why, n=0),)
    return tuple(_judged(seen, name, share) for name in seen.names)


def _judged(seen: Outputs, name: str, share: float) -> Check:
    about, found, n = f"{name} beside stable", seen.tested.get(name), rows(seen.canary[name])
    if found is None:
        why = f"The canary's {name} was counted for {n} rows, too few to compare it with stable's."
        return Check(about, Decision.HOLD, why, n=n)
    expected = seen.expected.get(name)
    allowed = f"{found.limit:.2f} is allowed, {expected or 0:.2f} of it by the newest rows"
    if expected is None:
        allowed = f"{found.limit:.2f} is allowed; no comparison on the newest rows says how much to expect"
    any_odds = np.exp(min(100.0, difference(seen, name, share)))
    differ = f"; that it differs at all: {any_odds:,.2g} to 1" if share else ""
    told = f"The canary's {name} differs from stable's by a PSI of {found.index:.2f} over {found.rows:,} rows"
    if found.significant:
        why = f"{told}: {allowed}, and more is proven (p {_p(found.p)}, needed {found.level:.2g})."
        return Check(about, Decision.REJECT, why, observed=found.index, limit=found.limit, n=found.rows)
    why = f"{told}: {allowed}, and more is not proven{differ}."
    return Check(about, Decision.PROMOTE, why, observed=found.index, limit=found.limit, n=found.rows)


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-12 else "below 1e-12"
