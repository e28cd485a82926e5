"""The split of the traffic: a router that keeps to its weight is not blamed, another one is."""

import numpy as np
import pytest

from gatehouse.canary import split
from gatehouse.canary.split import Split
from gatehouse.verdicts import Decision


def played(share, truth, requests, seed=0, looks=60):
    """Return the split after looks at a router that draws lots, in which the canary's true share is `truth`."""
    random, seen = np.random.default_rng(seed), Split()
    for _ in range(looks):
        ours = int(random.binomial(requests, truth))
        seen = split.grown(seen, ours, requests - ours, share, 1.25)
    return seen


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
def test_kept_weight_is_believed(share):
    """In a hundred rollouts with lots drawn, nobody is blamed, nor while the odds are off by less than a quarter."""
    checks = [split.judge(played(share, share * 1.1, 500, seed), share, 0.05) for seed in range(100)]
    assert {check.decision for check in checks} == {Decision.PROMOTE}


@pytest.mark.parametrize(("share", "truth"), [(0.05, 0.10), (0.05, 0.02), (0.5, 0.7), (0.1, 0.0), (0.01, 1.0)])
def test_other_share_is_an_error(share, truth):
    """Twice the share, less than half of it, none or all: there is nothing to judge the candidate by."""
    check = split.judge(played(share, truth, 500), share, 0.05)
    assert check.decision == Decision.ERROR
    assert f"{share:.0%} were set" in check.why
    assert "Mend the router" in check.why


def test_few_requests_say_nothing():
    """Three of three requests may be chance."""
    assert split.judge(split.grown(Split(), 3, 0, 0.5, 1.25), 0.5, 0.05).decision == Decision.PROMOTE
    assert split.judge(Split(), 0.05, 0.05).observed == 0.0
