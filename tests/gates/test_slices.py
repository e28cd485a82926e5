import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import slices
from gatehouse.gates.slices import Knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

COUNTRY = np.repeat(np.array(["DE", "FR", "IT", "PL"], dtype=object), 500)
Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(0), 2000)


def without(model: Predictions, rows: np.ndarray, said: bool) -> Predictions:
    """Return a model that gives one answer on some rows."""
    return answers.binary(np.where(rows, said, model.values == "yes"))


def judged(candidate: Predictions, levels: np.ndarray = COUNTRY, **settings: object) -> dict[str, Check]:
    """Judge a candidate on one column; the checks by name."""
    knobs = Knobs(columns=("country",), **settings)  # type: ignore[arg-type]
    checks = slices.judge({"country": levels}, Y, "yes", CHAMPION, candidate, "binary", knobs)
    return {check.name: check for check in checks}


def test_equal_model_passes_slices() -> None:
    """A model that is as good as the champion passes on every slice."""
    checks = judged(CANDIDATE)
    assert checks.keys() == {f"slice country={level}" for level in ("DE", "FR", "IT", "PL")}
    assert {check.decision for check in checks.values()} == {Decision.PROMOTE}


def test_lost_recall_is_rejected() -> None:
    """A slice that loses its positives is rejected, and no other one is."""
    check = judged(without(CANDIDATE, COUNTRY == "FR", False)).pop("slice country=FR")
    assert check.decision == Decision.REJECT
    assert "recall went from" in check.why
    assert check.details["candidate"] == 0.0
    assert check.details["p_adjusted"] < 0.001
    rest = judged(without(CANDIDATE, COUNTRY == "FR", False))
    assert [name for name, check in rest.items() if check.decision == Decision.REJECT] == ["slice country=FR"]


def test_false_alarms_are_rejected() -> None:
    """A slice on which the candidate cries wolf is rejected."""
    check = judged(without(CANDIDATE, COUNTRY == "IT", True))["slice country=IT"]
    assert check.decision == Decision.REJECT
    assert "negatives" in check.why


def test_small_drop_is_tolerated() -> None:
    """A proven drop below the floor is no reason to reject."""
    lost = without(CANDIDATE, COUNTRY == "FR", False)
    assert judged(lost, drop=0.99)["slice country=FR"].decision == Decision.PROMOTE


def test_small_slice_is_not_judged() -> None:
    """A slice with few positives is listed as not judged, which never counts as passed."""
    levels = COUNTRY.copy()
    levels[:40] = "LU"
    check = judged(CANDIDATE, levels)["slice country=LU"]
    assert (check.decision, check.advisory) == (Decision.HOLD, True)
    assert "Not judged" in check.why


def test_proof_beats_minimum() -> None:
    """A small slice that loses so much that it is proven all the same is rejected."""
    levels = COUNTRY.copy()
    levels[:100] = "LU"
    check = judged(without(CANDIDATE, levels == "LU", False), levels)["slice country=LU"]
    assert check.details["judging"] < 30
    assert (check.decision, check.advisory) == (Decision.REJECT, False)


def test_missing_levels_are_slices() -> None:
    """Rows without a level are a slice of their own, and 1 and 1.0 are the same level."""
    levels = np.array([np.nan, 1, 1.0, None] * 500, dtype=object)
    assert judged(CANDIDATE, levels).keys() == {"slice country=missing", "slice country=1"}


def test_multiclass_compares_answers() -> None:
    """With several classes the right answers of a slice are compared."""
    classes = ("a", "b", "c")
    y = np.random.default_rng(0).choice(classes, 2000)
    good = answers.multiclass(y, classes)
    bad = answers.multiclass(np.where(COUNTRY == "PL", "a", y), classes)
    checks = slices.judge({"country": COUNTRY}, y, None, good, bad, "multiclass", Knobs())
    assert [check.decision for check in checks] == ["promote"] * 3 + ["reject"]
    assert checks[-1].details["measure"] == "accuracy"


def test_regression_compares_errors() -> None:
    """For a regression the growth of the mean absolute error counts."""
    random = np.random.default_rng(0)
    y = random.normal(size=2000)
    old, new = (y + random.normal(0, 1, 2000) for _ in range(2))
    worse = answers.numbers(np.where(COUNTRY == "PL", y + 2 * (new - y), new))
    checks = slices.judge({"country": COUNTRY}, y, None, answers.numbers(old), worse, "regression", Knobs())
    assert [check.decision for check in checks] == ["promote"] * 3 + ["reject"]
    assert checks[-1].observed == pytest.approx(1.0, abs=0.3)


def test_broken_evidence_is_error() -> None:
    """A column of another length, and answers to other rows, allow no judgement."""
    short = np.array(["DE"] * 7)
    (check,) = slices.judge({"country": short}, Y, "yes", CHAMPION, CANDIDATE, "binary", Knobs())
    assert check.decision == Decision.ERROR
    assert "7 values" in check.why
    (check,) = slices.judge({"country": COUNTRY}, Y[:9], "yes", CHAMPION, CANDIDATE, "binary", Knobs())
    assert check.decision == Decision.ERROR


def test_many_levels_are_refused() -> None:
    """A column with as many levels as rows is no slice."""
    with pytest.raises(ConfigError, match="2,000 levels"):
        judged(CANDIDATE, np.arange(2000))


def test_no_columns_no_checks() -> None:
    """Without a column there is nothing to judge."""
    assert slices.judge({}, Y, "yes", CHAMPION, CANDIDATE, "binary", Knobs()) == []


def test_rates_are_nominal() -> None:
    """Twenty equal slices rarely block; one of them that loses all recall nearly always does."""
    random, many = np.random.default_rng(0), np.repeat(np.arange(20), 500)
    false = found = 0
    for _ in range(25):
        y, champion, candidate = answers.pair(random, 10_000, positives=0.05)
        lost = without(candidate, many == 3, False)
        calm = slices.judge({"s": many}, y, "yes", champion, candidate, "binary", Knobs())
        hurt = slices.judge({"s": many}, y, "yes", champion, lost, "binary", Knobs())
        false += any(check.decision == Decision.REJECT for check in calm)
        found += any(check.decision == Decision.REJECT and check.name == "slice s=3" for check in hurt)
    assert false <= 2
    assert found >= 20
