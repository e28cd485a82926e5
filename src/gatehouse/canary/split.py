"""Whether the canary gets the share of the traffic that was set.

Both versions are compared as if chance alone decided which of them a request goes to. Where the router sends the
canary much more or less than was set, somebody or something chooses, and what was counted says little about the
canary. That is no fault of the candidate: it loses its traffic and is not rejected, and the verdict is `error`, as
there is no evidence to judge by.
"""

from dataclasses import dataclass

from gatehouse.canary import sequential
from gatehouse.canary.sequential import START, Process
from gatehouse.verdicts import Check, Decision

NAME = "traffic split"


@dataclass(frozen=True)
class Split:
    """Requests since the step began, and the evidence of the whole rollout that the canary gets more, or fewer."""

    canary: int = 0
    stable: int = 0
    more: Process = START
    fewer: Process = START


def grown(seen: Split, canary: int, stable: int, share: float, uneven: float) -> Split:
    """Return the evidence with the requests of another window, of which the canary should get `share`.

    Odds up to `uneven` times those that were set, or as many times fewer, are no mismatch.
    """
    odds = share / (1 - share)
    return Split(
        seen.canary + canary,
        seen.stable + stable,
        sequential.more(seen.more, canary, stable, odds * uneven),
        sequential.fewer(seen.fewer, canary, stable, odds / uneven),
    )


def judge(seen: Split, share: float, alpha: float) -> Check:
    """Judge whether the router keeps to the weight: `error` when it does not with odds of 2/alpha, else `promote`.

    `alpha` is the chance that a router which keeps to it is ever blamed.
    """
    n, limit = seen.canary + seen.stable, 2 / alpha
    found = seen.canary / n if n else 0.0
    against = max(sequential.odds(seen.more), sequential.odds(seen.fewer))
    got = f"The canary got {seen.canary:,} of {n:,} requests at this weight, and {share:.0%} were set"
    if against >= limit:
        why = (
            f"{got}: {sequential.spoken(against)} that this is not chance, so nothing that was counted can be trusted. "
            "Mend the router, or whatever sends requests past its weights, and roll out again."
        )
        return Check(NAME, Decision.ERROR, why, observed=found, limit=share, n=n)
    return Check(NAME, Decision.PROMOTE, f"{got}.", observed=found, limit=share, n=n)
