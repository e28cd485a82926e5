"""The anchor: what no single comparison shows, the comparison with the best model ever released does."""

import answers
import numpy as np
import pandas as pd

from gatehouse.gates import anchor, own_metric, quality
from gatehouse.gates.own_metric import Declaration
from gatehouse.gates.quality import Knobs
from gatehouse.gates.truth import Truth
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
    assert check.name == "anchor"
    assert check.why == (
        "Against the anchor 1.2.0, the best version ever released, f1 is 0.696 and was 0.7366: 0.04062 worse "
        "(-0.04471 to -0.03677), proven to lose more than 0.02: small losses have added up."
    )
    assert check.details["against"] == "anchor 1.2.0"
    assert check.details["champion"] > check.details["candidate"]


def test_equal_candidate_promotes():
    """A candidate as good as the best is promoted by both."""
    truth, (best, candidate) = models(0.0, 0.0)
    check = anchor.judge(truth, best, candidate, "1.0.0", Knobs())
    assert check.decision == Decision.PROMOTE
    assert check.why.endswith("proven to lose no more than 0.02.")


def test_open_comparison_holds():
    """What is not settled says how many rows would settle it."""
    y, best, candidate = answers.pair(np.random.default_rng(0), 500, loss=0.02, changed=0.2)
    check = anchor.judge(answers.truth(y), best, candidate, "1.0.0", Knobs())
    assert check.decision == Decision.HOLD
    rows = check.details["rows_to_settle"]
    assert f"not settled whether it loses more than 0.02; {rows:,} rows, if the difference stays" in check.why
    assert check.why.endswith("7,127, if there is none, would settle it.")


def test_bootstrap_is_the_gates():
    """Where no formula is known, the anchor is compared by the settings' own rounds and seed."""
    y, best, candidate = answers.pair(np.random.default_rng(0), 500, loss=0.02, changed=0.2)
    right = Declaration(function=lambda rows, y, said: float((said.values == y).mean()), better="higher")
    truth = Truth(y, "binary", "yes", pd.DataFrame({"n": range(500)}), (own_metric.of("right", right),))
    knobs = [
        Knobs(metric="right", bootstraps=rounds, seed=seed) for rounds, seed in ((50, 0), (50, 0), (50, 1), (60, 0))
    ]
    first, again, *others = (anchor.judge(truth, best, candidate, "1.0.0", item).interval for item in knobs)
    assert first == again
    assert len({first, *others}) == 3
    assert not anchor.surpassed(truth, best, candidate, knobs[0])


def test_nan_is_an_error():
    """An anchor that answers no numbers allows no judgement."""
    truth, (best, candidate) = models(0.0, 0.0)
    broken = answers.binary(best.values == answers.YES, np.full(ROWS, np.nan))
    check = anchor.judge(truth, broken, candidate, "1.0.0", Knobs())
    assert (check.name, check.decision) == ("anchor", Decision.ERROR)
    assert check.why.startswith("Against the anchor 1.0.0: The champion gave answers")
    assert check.details == {"metric": "f1"}
    assert not anchor.surpassed(truth, broken, candidate, Knobs())


def test_only_proven_better_surpasses():
    """The anchor moves to a champion that is proven better, not to one that is about as good, or worse."""
    truth, (worse, best) = models(0.05, 0.0)
    assert anchor.surpassed(truth, worse, best, Knobs())
    assert not anchor.surpassed(truth, best, best, Knobs())
    assert not anchor.surpassed(truth, best, worse, Knobs())
