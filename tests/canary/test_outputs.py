"""Predictions beside stable's: a fault is found, a difference that was expected is not, and looking costs nothing."""

import numpy as np
import pytest
from scipy import stats

from gatehouse.canary import outputs
from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.canary.outputs import Outputs
from gatehouse.verdicts import Decision

NO_YES = np.array([0.88, 0.12])
TENTHS = [repr(edge / 10) for edge in range(1, 11)] + ["+Inf"]


def played(canary, stable, *, share=0.05, rows=400, looks=40, expected=None, seed=0, name=CLASS):
    """Return the outputs after looks at versions that predict bins with these probabilities."""
    random, seen = np.random.default_rng(seed), Outputs({} if expected is None else {name: expected})
    keys = ["no", "yes"] if name == CLASS else TENTHS
    for _ in range(looks):
        ours = int(random.binomial(rows, share))
        windows = (random.multinomial(ours, canary), random.multinomial(rows - ours, stable))
        window = [{name: dict(zip(keys, counts.tolist(), strict=True))} for counts in windows]
        seen = outputs.grown(seen, *window, 0.1, 0.0125)
    return seen


def decided(seen, share=0.05):
    """Return the decision on the one output, and the reason."""
    (check,) = outputs.judge(seen, share)
    return check.decision, check.why


def test_swapped_classes_are_rejected():
    """A canary that says yes for no goes back within some hundred rows, and the reason has the numbers."""
    decision, why = decided(played(NO_YES[::-1], NO_YES, looks=5, expected=0.01))
    assert decision == Decision.REJECT
    assert "predicted class differs from stable's by a PSI of" in why
    assert "0.11 is allowed, 0.01 of it by the newest rows, and more is proven" in why


def test_same_predictions_are_promoted():
    """In fifty rollouts of versions that predict alike, none is blamed."""
    found = {decided(played(NO_YES, NO_YES, seed=seed))[0] for seed in range(50)}
    assert found == {Decision.PROMOTE}


def test_expected_difference_is_promoted():
    """What differs as much as on the newest rows goes on, and would go back if nobody had expected it."""
    retrained = np.array([0.7, 0.3])
    apart = float(np.sum((retrained - NO_YES) * np.log(retrained / NO_YES)))
    assert decided(played(retrained, NO_YES, expected=apart, rows=2000))[0] == Decision.PROMOTE
    decision, why = decided(played(retrained, NO_YES, rows=2000))
    assert decision == Decision.REJECT
    assert "no comparison on the newest rows" in why


def test_level_is_kept_at_the_limit():
    """Versions whose index truly is the limit are blamed in hardly any rollout, looked at forty times."""
    at_limit = next(
        np.array([1 - x, x]) for x in np.arange(0.12, 0.5, 0.001)
        if (np.array([1 - x, x]) - NO_YES) @ np.log(np.array([1 - x, x]) / NO_YES) >= 0.1
    )  # fmt: skip
    blamed = [decided(played(at_limit, NO_YES, seed=seed))[0] == Decision.REJECT for seed in range(200)]
    assert sum(blamed) <= 8


def test_shifted_scores_are_rejected():
    """A score that slid by two tenths is seen in the histogram, though the classes need not change."""
    shares = stats.norm.pdf(np.arange(11), 4, 2)
    stable, canary = shares / shares.sum(), np.roll(shares, 2) / shares.sum()
    assert decided(played(canary, stable, name=VALUE))[0] == Decision.REJECT
    assert decided(played(stable, stable, name=VALUE))[0] == Decision.PROMOTE


def test_few_rows_wait():
    """A handful of rows decides nothing, and neither does none: before the first test no step goes on."""
    for seen in (played(NO_YES[::-1], NO_YES, looks=1), Outputs()):
        (check,) = outputs.judge(seen, 0.05)
        assert (check.decision, check.advisory) == (Decision.HOLD, False)


def test_tests_come_with_doubled_rows():
    """Forty looks are few tests, each at a level of its own."""
    seen = played(NO_YES, NO_YES)
    assert 3 <= seen.tests[CLASS] <= 6
    assert seen.tested[CLASS].level == pytest.approx(0.0125 / seen.tests[CLASS] / (seen.tests[CLASS] + 1))


def test_new_step_counts_anew():
    """Rows of one weight are not mixed with those of the next; tests and evidence stay."""
    before = played(NO_YES[::-1], NO_YES, looks=2)
    after = outputs.new_step(before, 0.05)
    assert (after.canary, after.stable, after.tests) == ({}, {}, before.tests)
    assert after.differs[CLASS] == outputs.difference(before, CLASS, 0.05) > 0


def test_restarted_server_is_no_evidence():
    """A count that went down is passed over."""
    seen = played(NO_YES, NO_YES, looks=2)
    assert outputs.grown(seen, {CLASS: {"no": -3, "yes": 1}}, {CLASS: {"no": 9, "yes": 1}}, 0.1, 0.0125) == seen


def test_evidence_of_difference_is_fair():
    """While both predict alike, the e-value of a difference is at most 1 on average, over the canary's rows."""
    counts = range(61)
    values = [
        np.exp(outputs.difference(Outputs(canary={CLASS: {"no": s}}, stable={CLASS: {"no": 60 - s}}), CLASS, 0.25))
        for s in counts if 0 < s < 60
    ]  # fmt: skip
    assert np.dot(values, stats.binom.pmf(range(1, 60), 60, 0.25)) <= 1 + 1e-9


def test_other_edges_are_compared():
    """Two regressions that predict alike and count in bins of their own hardly differ; one that is off does."""
    random = np.random.default_rng(0)

    def counted(values, edges):
        names = [*(repr(float(edge)) for edge in edges), "+Inf"]
        return dict(zip(names, np.bincount(np.searchsorted(edges, values), minlength=len(names)).tolist(), strict=True))

    edges, others = (np.quantile(random.normal(100, 20, 5000), np.arange(11) / 10) for _ in range(2))
    stable = counted(random.normal(100, 20, 20_000), edges)
    assert outputs.index(VALUE, counted(random.normal(100, 20, 20_000), others), stable) < 0.01
    assert outputs.index(VALUE, counted(random.normal(115, 20, 20_000), others + 15), stable) > 0.3


def test_empty_bins_are_pooled():
    """Bins that hardly anything falls into are joined to a neighbour, and nothing is lost."""
    ours, theirs = outputs.pooled(np.array([1, 40, 0, 50, 2]), np.array([0, 50, 1, 40, 1]), most=4)
    assert ours.tolist() == [41, 52]
    assert theirs.tolist() == [50, 42]
    assert [part.tolist() for part in outputs.pooled(np.array([3]), np.array([4]), most=9)] == [[3], [4]]
