"""The anchor: what no single comparison shows, the comparison with the best model ever released does."""

import answers
import numpy as np

from gatehouse.gates import anchor, quality
from gatehouse.gates.quality import Knobs
from gatehouse.verdicts import Decision

ROWS = 20_000


def models(*losses):
    """Return the truth and one model a loss of F1, all but equal row by row."""
    pairs = [answers.pair(np.random.default_rng(0), ROWS, loss=loss, changed=0.05) for loss in losses]
    return answers.truth(pairs[0][0]), [pair[2] for pair in pairs]


def test_small_losses_add_up():
    """A candidate that loses little against the champion, and much against the anchor, is rejected by the anchor."""
    truth, (best, champion, candidate) = models(0.0, 0.035, 0.04)
    (pair,) = quality.judge(truth, champion, candidate, Knobs())
    check = anchor.judge(truth, best, candidate, "1.2.0", Knobs())
    assert pair.decision == Decision.PROMOTE, pair.why
    assert check.decision == Decision.REJECT
    assert "1.2.0" in check.why
    assert check.name == "anchor"


def test_equal_candidate_promotes():
    """A candidate as good as the best is promoted by both."""
    truth, (best, candidate) = models(0.0, 0.0)
    assert anchor.judge(truth, best, candidate, "1.0.0", Knobs()).decision == Decision.PROMOTE


def test_nan_is_an_error():
    """An anchor that answers no numbers allows no judgement."""
    truth, (best, candidate) = models(0.0, 0.0)
    broken = answers.binary(best.values == answers.YES, np.full(ROWS, np.nan))
    check = anchor.judge(truth, broken, candidate, "1.0.0", Knobs())
    assert check.decision == Decision.ERROR
    assert "anchor 1.0.0" in check.why


def test_only_proven_better_surpasses():
    """The anchor moves to a champion that is proven better, not to one that is about as good, or worse."""
    truth, (worse, best) = models(0.05, 0.0)
    assert anchor.surpassed(truth, worse, best, Knobs())
    assert not anchor.surpassed(truth, best, best, Knobs())
    assert not anchor.surpassed(truth, best, worse, Knobs())
