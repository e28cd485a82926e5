from collections import Counter

import answers
import numpy as np
import pandas as pd
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import own_metric, quality
from gatehouse.gates.own_metric import Declaration
from gatehouse.gates.quality import Knobs
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

DRAWN = {"champion", "candidate", "delta", "low", "high", "limit", "resolution", "sigma", "rows_to_settle", "se"}


def judged(y: np.ndarray, champion: Predictions | None, candidate: Predictions, **settings: object) -> Check:
    """Judge a binary pair."""
    (check,) = quality.judge(Truth(y, "binary", "yes"), champion, candidate, Knobs(**settings))  # type: ignore[arg-type]
    return check


def test_equal_model_is_promoted() -> None:
    """An equal model is promoted once the rows resolve the tolerance."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 20_000)
    check = judged(y, champion, candidate)
    assert check.decision == Decision.PROMOTE
    assert check.why == (
        "f1 is 0.7435 for the candidate and 0.7395 for the champion: 0.00399 better (90 % interval -0.002081 to "
        "+0.01007) on 20,000 rows, which proves that it loses no more than 0.02."
    )
    assert (check.name, check.n, check.details["recommended"]) == ("quality", 20_000, True)


def test_worse_model_is_rejected() -> None:
    """A model that is much worse is rejected, and the sentence says by how much."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 4000, loss=0.15)
    check = judged(y, champion, candidate)
    assert check.decision == Decision.REJECT
    assert "0.7607 for the champion: 0.1747 worse (90 % interval -0.1955 to -0.155) on 4,000 rows" in check.why
    assert check.why.endswith("which proves that it loses more than 0.02.")
    assert check.details["recommended"] is False


def test_few_rows_hold() -> None:
    """A few hundred rows settle nothing; the check says what they resolve and how many would."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 300)
    check = judged(y, champion, candidate)
    assert check.decision == Decision.HOLD
    assert check.details["resolution"] == pytest.approx(2.4865 * check.details["se"], rel=0.15)
    assert check.why.endswith(
        "on 300 rows, which does not settle whether it loses more than 0.02. Of an equal model these rows "
        "prove that it loses less than 0.07355. 8,211 rows, if the difference stays what it is, or 3,189, if there is "
        "none, would settle it. Approving it is not recommended: that takes a measured loss of at most 0.01, "
        "and none above 0.03 that is left open."
    )


def test_details_hold_the_plot() -> None:
    """What a report draws stands in the details of both judgements."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 300)
    for check in (judged(y, champion, candidate), judged(y, None, candidate)):
        assert check.details.keys() >= DRAWN | {"metric", "higher_is_better"}
        assert check.interval == (check.details["low"], check.details["high"])
        assert check.limit == check.details["limit"]
        assert check.details["sigma"] == pytest.approx(check.details["se"] * np.sqrt(300))
        assert (check.n, check.details["n"], check.details["unit"]) == (300, 300, "rows")
        assert (check.details["metric"], check.details["confidence"]) == ("f1", 0.95)


def test_details_tell_first_from_pair() -> None:
    """A comparison has both values and their difference, a first model only its own."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 300)
    pair, first = judged(y, champion, candidate), judged(y, None, candidate)
    assert pair.details["delta"] == pair.observed == pair.details["candidate"] - pair.details["champion"]
    assert (pair.details["first"], pair.limit) == (False, -0.02)
    assert (first.details["champion"], first.details["delta"], first.details["first"]) == (None, None, True)
    assert (first.name, first.observed, first.limit) == ("quality", first.details["candidate"], 0.6)
    assert (first.details["recommended"], first.details["rows_to_settle"]) == (True, 42)


def test_identical_models_pass() -> None:
    """The same answers on every row are promoted, though their error is all but 0."""
    y, champion, _ = answers.pair(np.random.default_rng(0), 2000)
    assert judged(y, champion, champion).decision == Decision.PROMOTE


def test_identical_models_hold_on_little() -> None:
    """The same answers on 30 rows do not prove that two models are equal."""
    y, champion, _ = answers.pair(np.random.default_rng(1), 30)
    assert judged(y, champion, champion).decision == Decision.HOLD


def test_hold_recommends_small_doubt() -> None:
    """A hold is recommended when point and lower bound are good enough, and only then."""
    y, champion, candidate = answers.pair(np.random.default_rng(4), 6000)
    close = judged(y, champion, candidate, delta=0.005)
    far = judged(y[:500], *(m.take(np.arange(500)) for m in (champion, candidate)))
    assert (close.decision, close.details["recommended"]) == (Decision.HOLD, True)
    assert (far.decision, far.details["recommended"]) == (Decision.HOLD, False)
    assert "is recommended" in close.why
    assert "is not recommended" in far.why


@pytest.mark.parametrize(("floor", "decision"), [(0.6, "promote"), (0.9, "reject"), (0.75, "hold")])
def test_first_model_meets_floor(floor: float, decision: str) -> None:
    """Without a champion the floor decides, and the sentence says so."""
    y, _, candidate = answers.pair(np.random.default_rng(0), 2000)
    check = judged(y, None, candidate, floor=floor)
    assert check.decision == decision
    how = {"promote": "proven.", "reject": "disproven."}
    settle = f"not settled; if it stays at this value, {check.details['rows_to_settle']:,} rows would settle it."
    assert check.why == (
        "There is no champion to compare with, so the absolute floor decides. f1 is 0.7539 (90 % interval "
        f"0.7266 to 0.7812) on 2,000 rows and must be at least {floor}: {how.get(decision, settle)}"
    )
    assert check.details["recommended"] == (decision == "promote")


@pytest.mark.parametrize(("floor", "decision"), [(1.2, "promote"), (0.5, "reject"), (0.76, "hold")])
def test_floor_of_losses_is_ceiling(floor: float, decision: str) -> None:
    """For a loss the floor is the most that a first model may have."""
    random = np.random.default_rng(0)
    y = random.normal(size=500)
    model = answers.numbers(y + random.normal(size=500))
    (check,) = quality.judge(answers.truth(y), None, model, Knobs(metric="mae", floor=floor))
    assert check.decision == decision
    assert f"and must be at most {floor}:" in check.why


@pytest.mark.parametrize(("low", "high", "decision"), [(1, 2, "promote"), (0, 1, "hold"), (0, 0.9, "reject")])
def test_limit_itself_is_kept(low: float, high: float, decision: str) -> None:
    """An interval that begins at the limit is good, one that ends there is not yet bad."""
    assert quality.decide(low, high, 1.0) == decision


def test_better_loss_is_promoted() -> None:
    """A regression with a smaller error is promoted, one with a larger error rejected."""
    random = np.random.default_rng(0)
    y = random.normal(size=500)
    good, bad = answers.numbers(y + random.normal(0, 0.5, 500)), answers.numbers(y + random.normal(0, 1, 500))
    knobs = Knobs(metric="mae", delta=0.05)
    assert quality.judge(answers.truth(y), bad, good, knobs)[0].decision == Decision.PROMOTE
    assert quality.judge(answers.truth(y), good, bad, knobs)[0].decision == Decision.REJECT


def test_broken_evidence_is_error() -> None:
    """One class, NaN, other rows and no rows end in an error that says what is wrong."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 100)
    nan = answers.binary(y == "yes", np.full(100, np.nan))
    short = champion.take(np.arange(99))
    empty = champion.take(np.arange(0))
    for check, words in (
        (judged(np.full(100, "no"), champion, candidate), "two classes"),
        (judged(y, champion, nan), "The candidate gave answers that are no finite"),
        (judged(y, short, candidate), "The champion answered 99 rows"),
        (judged(y[:0], empty, empty), "0 labelled rows"),
        (judged(y, None, nan), "no finite"),
    ):
        assert (check.name, check.decision, check.details) == ("quality", Decision.ERROR, {"metric": "f1"})
        assert words in check.why


def test_unfit_metric_is_refused() -> None:
    """A metric of another task is a wrong setting, not a verdict."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 100)
    with pytest.raises(ConfigError, match="does not fit"):
        judged(y, champion, candidate, metric="mae")


def test_confidence_is_above_half() -> None:
    """Below one half the two bounds would change places and promote anything."""
    with pytest.raises(ValueError, match="greater than"):
        Knobs(confidence=0.4)


def guarded(candidate: Predictions, champion: Predictions, y: np.ndarray, **guards: float) -> dict[str, Check]:
    """Judge with guards; the checks by name."""
    checks = quality.judge(answers.truth(y), champion, candidate, Knobs(guards=guards))
    return {check.name: check for check in checks}


def test_guard_can_reject() -> None:
    """A candidate with the champion's labels and much worse scores passes by F1 and is rejected by the guard."""
    y, champion, _ = answers.pair(np.random.default_rng(0), 2000)
    unsure = answers.binary(champion.values == "yes", np.where(champion.values == "yes", 0.51, 0.49))
    checks = guarded(unsure, champion, y, log_loss=0.01)
    assert [check.decision for check in checks.values()] == [Decision.PROMOTE, Decision.REJECT]
    check = checks["guard log_loss"]
    assert check.details.keys() >= DRAWN
    assert (check.details["limit"], check.details["higher_is_better"]) == (-0.01, False)


def test_guard_holds_quietly() -> None:
    """A guard that settles nothing is advisory, and says so."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 20_000)
    check = guarded(candidate, champion, y, accuracy=1e-6)["guard accuracy"]
    assert (check.decision, check.advisory) == (Decision.HOLD, True)
    assert check.why.endswith("would settle it. A guard that holds does not block.")
    assert check.limit == -1e-6


def test_good_candidate_passes_guards() -> None:
    """An equal candidate passes the metric and each guard."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 20_000)
    checks = guarded(candidate, champion, y, log_loss=0.05, recall=0.05)
    assert [(check.decision, check.advisory) for check in checks.values()] == [(Decision.PROMOTE, False)] * 3


def test_broken_guard_is_error() -> None:
    """A guard without evidence is an error that counts."""
    y, champion, _ = answers.pair(np.random.default_rng(0), 100)
    nan = answers.binary(y == "yes", np.full(100, np.nan))
    check = guarded(nan, champion, y, auc=0.05)["guard auc"]
    assert (check.decision, check.advisory, check.details) == (Decision.ERROR, False, {"metric": "auc"})


def test_first_model_has_no_guards() -> None:
    """Guards compare with a champion."""
    y, _, candidate = answers.pair(np.random.default_rng(0), 2000)
    checks = quality.judge(answers.truth(y), None, candidate, Knobs(guards={"log_loss": 0.01}))
    assert [check.name for check in checks] == ["quality"]


@pytest.mark.parametrize(
    ("guard", "words"),
    [("logloss", "'logloss' is unknown. Did you mean 'log_loss'"), ("f1", "'f1', which decides"), ("mae", "not fit")],
)
def test_wrong_guard_is_refused(guard: str, words: str) -> None:
    """A guard that is unknown, does not fit, or is the metric itself is a wrong setting, for a first model too."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 100)
    for opponent in (champion, None):
        with pytest.raises(ConfigError, match=words):
            quality.judge(answers.truth(y), opponent, candidate, Knobs(guards={guard: 0.01}))


def test_hold_suggests_log_loss() -> None:
    """A hold by labels says how many rows log loss would take; one that is not calibrated does not."""
    y, champion, candidate = answers.calibrated(np.random.default_rng(0))
    (check,) = quality.judge(answers.truth(y), champion, candidate, Knobs())
    assert check.decision == Decision.HOLD
    assert f"{check.details['suggestion']['rows']:,} rows prove enough of an equal model." in check.why
    assert 'with metric = "log_loss"' in check.why
    assert check.details["suggestion"]["metric"] == "log_loss"
    assert check.details["metric"] == "f1"
    y, champion, candidate = answers.pair(np.random.default_rng(0), 300)
    assert "log_loss" not in judged(y, champion, candidate).why


def test_rates_are_nominal() -> None:
    """A model that is .02 worse is rarely promoted, an equal one is never rejected."""
    random = np.random.default_rng(0)
    worse = Counter(judged(*answers.pair(random, 2000, loss=0.02)).decision for _ in range(300))
    equal = Counter(judged(*answers.pair(random, 2000)).decision for _ in range(300))
    assert worse[Decision.PROMOTE] / 300 <= 0.07
    assert equal[Decision.REJECT] / 300 <= 0.01
    assert equal[Decision.PROMOTE] > worse[Decision.PROMOTE]


@pytest.mark.parametrize(("delta", "words"), [(0.0123, "0.0123 better"), (-0.05, "0.05 worse"), (0.0, "no difference")])
def test_difference_is_said_in_words(delta: float, words: str) -> None:
    """Nobody has to read a sign to know which model is better."""
    assert quality.moved(delta) == words


def test_seed_and_rounds_are_the_settings() -> None:
    """A metric without a formula is drawn by the settings' seed, as often as they say, for a guard too."""
    y, champion, candidate = answers.pair(np.random.default_rng(0), 300)
    own = Declaration(function=lambda rows, y, said: float((said.values == y).mean()), better="higher")
    truth = Truth(y, "binary", "yes", pd.DataFrame({"n": range(300)}), (own_metric.of("own", own),))
    for settings in ({"metric": "own"}, {"guards": {"own": 0.01}}):
        for opponent in (champion, None) if "metric" in settings else (champion,):
            drawn = [
                quality.judge(truth, opponent, candidate, Knobs(bootstraps=rounds, seed=seed, **settings))[-1].interval
                for rounds, seed in ((40, 0), (40, 0), (40, 1), (50, 0))
            ]
            assert drawn[0] == drawn[1]
            assert len(set(drawn)) == 3
