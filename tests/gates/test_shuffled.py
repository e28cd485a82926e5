"""Models of shuffled labels: one that knows nothing passes, by luck too; one that knows labels does not."""

from dataclasses import replace

import numpy as np
import pytest
from answers import labels, numbers, scored
from leaks import KNOBS
from scipy import stats

from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics, shuffled
from gatehouse.gates.truth import Truth
from gatehouse.verdicts import Check, Decision

TRUTH = np.random.default_rng(0).random(2000) < 0.3


def compared(score):
    """Compare answers to the truth with a dummy."""
    answers = scored(score)
    return metrics.compare("brier", Truth(labels(TRUTH), "binary", "yes"), shuffled.mean_answer(answers), answers)


def noise(seed):
    """Return scores that know nothing."""
    return np.random.default_rng(seed).uniform(0.2, 0.4, 2000)


def test_ignorant_model_promotes():
    """Scores without a relation to the truth lose to the dummy, and one training is enough to tell."""
    pair = compared(noise(1))
    why = (
        f"Trained on shuffled labels the model is not proven to beat a dummy: its brier is {pair.candidate:.4g}, and "
        f"the dummy's {pair.champion:.4g}, on 2,000 rows."
    )
    expected = Check("shuffled labels", Decision.PROMOTE, why, pair.delta, 0.0, pair.bounds(KNOBS.confidence), 2000)
    assert shuffled.judge([pair], KNOBS) == expected


def test_knowing_model_rejects():
    """Scores that know labels in every shuffle are refused."""
    tried = [compared(np.clip(noise(seed) + 0.3 * TRUTH, 0, 1)) for seed in range(5)]
    assert shuffled.suspicious(tried[0], KNOBS)
    check = shuffled.judge(tried, KNOBS)
    gains = [pair.delta for pair in tried]
    assert check.decision == Decision.REJECT
    assert check.why == (
        f"Trained on shuffled labels the model improves brier by {np.mean(gains):+.4g} over a dummy, in the mean of 5 "
        "shuffles: it knows labels that its training did not give it. Look for a file, a cache or an encoder that "
        "holds them."
    )
    low, high = stats.ttest_1samp(gains, 0).confidence_interval(2 * KNOBS.confidence - 1)
    assert check.interval == pytest.approx((low, high))
    assert (check.name, check.observed, check.n) == ("shuffled labels", pytest.approx(np.mean(gains)), 2000)
    assert check.limit == pytest.approx(0.01 * np.mean([pair.champion for pair in tried]))
    assert check.details == {"improvements": gains}


def test_luck_promotes():
    """One lucky direction among shuffles that know nothing is called luck."""
    lucky = [compared(0.3 + sign * 0.05 * (TRUTH - 0.3)) for sign in (1, -1, 0.5, -1, -0.5)]
    assert shuffled.suspicious(lucky[0], KNOBS)
    check = shuffled.judge(lucky, KNOBS)
    assert check.decision == Decision.PROMOTE
    assert check.why.endswith("of 5 shuffles: one of them seemed to beat the dummy, and that was luck.")


def test_trifle_promotes():
    """An improvement of less than a hundredth of the dummy's loss is not worth a search."""
    tried = [compared(0.3 + 0.001 * TRUTH + 1e-6 * noise(seed)) for seed in range(5)]
    assert shuffled.suspicious(tried[0], KNOBS)
    assert shuffled.judge(tried, KNOBS).decision == Decision.PROMOTE


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_shuffles_raise(count):
    """A suspicion that was not followed up is no verdict."""
    with pytest.raises(EvidenceError, match=r"^No model was trained on shuffled labels, so|only \d of 5"):
        shuffled.judge([compared(TRUTH * 0.9)] * count, KNOBS)


def test_settings_are_read():
    """The number of shuffles and the confidence are the settings'."""
    tried = [compared(TRUTH * 0.9 - 0.001 * seed) for seed in range(3)]
    assert shuffled.judge(tried, replace(KNOBS, shuffles=3)).decision == Decision.REJECT


def test_mean_answer_is_constant():
    """The dummy gives every row the mean answer: of scores, and of numbers."""
    dummy = shuffled.mean_answer(scored(noise(1)))
    assert len(np.unique(dummy.scores, axis=0)) == 1
    assert dummy.scores[0, 1] == pytest.approx(noise(1).mean())
    assert shuffled.mean_answer(numbers(np.array([1.0, 2.0]))).values.tolist() == [1.5, 1.5]
