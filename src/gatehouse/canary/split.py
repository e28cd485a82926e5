"""Whether the canary gets the share of the traffic that was set.

Both versions are compared as if chance alone decided which of them a request goes to. Where the router sends the
canary much more or less than was set, somebody or something chooses, and what was counted says little about the
canary. That is no fault of the candidate: it loses its traffic and is not rejected, and the verdict is `error`, as
there is no evidence to judge by.
"""

from dataclasses import dataclass

from gatehouse.canary import sequential
from gatehouse.canary.sequential import START
from gatehouse.verdicts import Check, Decision

NAME = "traffic split"
# A request is counted when it is over. Routers give up a silent server after twelve seconds: until then a version that
# hangs seems to get nothing, and it is for the other checks to say why.
UNDER_WAY_SECONDS = 15.0


@dataclass(frozen=True)
class Split:
    """Requests that were over between two moments, in seconds since the epoch, while the weight stayed as it was."""

    since: float = 0.0
    at: float = 0.0
    canary: int = 0
    stable: int = 0


def begun(now: float) -> Split:
    """Return the split at the first look of a step."""
    return Split(now, now)


def grown(seen: Split, canary: int, stable: int, now: float) -> Split:
    """Return the split with the requests of another window."""
    return Split(seen.since, now, seen.canary + canary, seen.stable + stable)


def told(seen: Split, share: float) -> Check:
    """Return what the canary got, where clients stay with their version: that decides nothing.

    Its share follows how much each client sends, and who came before the weight was set: a router that does as it was
    told gets there as slowly as new clients come, so there is no share that it has to keep.
    """
    n = seen.canary + seen.stable
    why = f"{_got(seen, share)}; clients stay with their version ([rollout] sticky), so the share proves nothing."
    return Check(NAME, Decision.PROMOTE, why, seen.canary / n if n else 0.0, share, n=n, advisory=True)


def judge(seen: Split, share: float, uneven: float, alpha: float) -> Check:
    """Judge whether the router keeps to the weight: `error` when it does not with odds of 2/alpha, else `promote`.

    The odds to be sent to the canary may be `uneven` times those that were set, or as many times fewer; `alpha` is the
    chance that a router at either end of this is blamed in a step. What may still be under way speaks for it.
    """
    n, limit, seconds = seen.canary + seen.stable, 2 / alpha, seen.at - seen.since
    found = seen.canary / n if n else 0.0
    got = _got(seen, share)
    if seconds <= UNDER_WAY_SECONDS or not 0 < share < 1:
        return Check(NAME, Decision.PROMOTE, f"{got}.", observed=found, limit=share, n=n)
    part, odds = UNDER_WAY_SECONDS / seconds, share / (1 - share)
    more = sequential.more(START, seen.canary, seen.stable + part * seen.canary / odds, odds * uneven)
    fewer = sequential.fewer(START, seen.canary + part * seen.stable * odds, seen.stable, odds / uneven)
    against = max(sequential.odds(more), sequential.odds(fewer))
    if against < limit:
        return Check(NAME, Decision.PROMOTE, f"{got}.", observed=found, limit=share, n=n)
    why = (
        f"{got}: {sequential.spoken(against)} that this is not chance, so nothing that was counted can be trusted. "
        "Mend the router, or whatever sends requests past its weights, and roll out again."
    )
    return Check(NAME, Decision.ERROR, why, observed=found, limit=share, n=n)


def _got(seen: Split, share: float) -> str:
    n = seen.canary + seen.stable
    return f"The canary got {seen.canary:,} of {n:,} requests at this weight, and {share:.0%} were set"
