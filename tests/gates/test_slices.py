import time

import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import slices
from gatehouse.gates.slices import Knobs
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

COUNTRY = np.repeat(np.array(["DE", "FR", "IT", "PL"], dtype=object), 500)
CLASSES = ("a", "b", "c")
Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(0), 2000)


def without(model: Predictions, rows: np.ndarray, said: bool) -> Predictions:
    """Return a model that gives one answer on some rows."""
    return answers.binary(np.where(rows, said, model.values == "yes"))


def judged(candidate: Predictions, levels: np.ndarray = COUNTRY, **settings: object) -> dict[str, Check]:
    """Judge a candidate on one column; the checks of its slices by name."""
    _, *checks = everything(candidate, levels, **settings)
    return {check.name: check for check in checks}


def everything(candidate: Predictions, levels: np.ndarray = COUNTRY, **settings: object) -> list[Check]:
    """Judge a candidate on one column; the summary comes first."""
    knobs = Knobs(**settings)  # type: ignore[arg-type]
    return slices.judge({"country": levels}, Truth(Y, "binary", "yes"), CHAMPION, candidate, knobs)


def test_equal_model_passes_slices() -> None:
    """A model that is as good as the champion passes on every slice."""
    checks = judged(CANDIDATE)
    assert checks.keys() == {f"slice country={level}" for level in ("DE", "FR", "IT", "PL")}
    assert {check.decision for check in checks.values()} == {Decision.PROMOTE}


def test_lost_recall_is_rejected() -> None:
    """A slice that loses its positives is rejected, and no other one is."""
    check = judged(without(CANDIDATE, COUNTRY == "FR", False)).pop("slice country=FR")
    assert check.decision == Decision.REJECT
    assert check.why == (
        "recall went from 0.7423 to 0 on 97 of the 500 rows of country=FR: a drop of 0.7423, above 0.05 and proven "
        f"(p {check.details['p_adjusted']:.2g})."
    )
    assert (check.observed, check.limit, check.n) == (check.details["drop"], 0.05, 500)
    assert check.details["candidate"] == 0.0
    shown = {key: check.details[key] for key in ("column", "level", "n", "judging", "measure")}
    assert shown == {"column": "country", "level": "FR", "n": 500, "judging": 97, "measure": "recall"}
    assert check.details["champion"] == pytest.approx(0.7423, abs=1e-4)
    assert check.details["p_adjusted"] < 0.001
    rest = judged(without(CANDIDATE, COUNTRY == "FR", False))
    assert [name for name, check in rest.items() if check.decision == Decision.REJECT] == ["slice country=FR"]


def test_false_alarms_are_rejected() -> None:
    """A slice on which the candidate cries wolf is rejected."""
    check = judged(without(CANDIDATE, COUNTRY == "IT", True))["slice country=IT"]
    assert check.decision == Decision.REJECT
    assert check.why.startswith("share of negatives left alone went from 0.9")


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
    assert check.why == "Not judged: country=LU has 8 positives, and 30 are needed."
    assert judged(CANDIDATE, levels, minimum=8)["slice country=LU"].decision == Decision.PROMOTE


def test_small_group_of_numbers_counts_rows() -> None:
    """Where every row counts, rows are what is missing; and a slice of enough says on how many it was judged."""
    y = np.random.default_rng(0).normal(size=2000)
    levels, model = np.where(np.arange(2000) < 9, "LU", "DE"), answers.numbers(y + 0.1)
    truth = Truth(y, "regression")
    summary, judged, few = slices.judge({"country": levels}, truth, model, model, Knobs())
    assert few.why == "Not judged: country=LU has 9 rows, and 30 are needed."
    assert "1 of 2 slices were judged (1 had fewer than 30 rows), and none" in summary.why
    assert judged.why == (
        "mean absolute error went from 0.1 to 0.1 on 1,991 rows of country=DE: no drop above 0.05 is proven (p 1)."
    )
    both = slices.judge({"country": levels, "same": levels}, truth, model, model, Knobs())
    assert [check.name for check in both] == [
        "slices", "slice country=DE", "slice same=DE", "slice country=LU", "slice same=LU",
    ]  # fmt: skip


def test_infinite_errors_are_an_error() -> None:
    """A slice whose errors are too large to average gives no number, and that is worse than a refused one."""
    y = np.zeros(2000)
    huge = answers.numbers(np.where(COUNTRY == "PL", 1.7e308, 1.0))
    summary, *_ = slices.judge({"country": COUNTRY}, Truth(y, "regression"), answers.numbers(y + 0.5), huge, Knobs())
    assert summary.decision == Decision.ERROR
    assert "not all of them gave finite numbers" in summary.why


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
    """With several classes each class of a slice is compared by itself, and all right answers together."""
    y = np.random.default_rng(0).choice(CLASSES, 2000)
    good = answers.multiclass(y, CLASSES)
    bad = answers.multiclass(np.where(COUNTRY == "PL", "a", y), CLASSES)
    summary, *checks = slices.judge({"country": COUNTRY}, Truth(y, "multiclass"), good, bad, Knobs())
    assert [check.decision for check in (summary, *checks)] == ["reject"] * 2 + ["promote"] * 3
    assert checks[0].details["measure"] in ("recall of b", "recall of c")
    assert [test["measure"] for test in checks[0].details["tests"]] == [
        "accuracy", "recall of a", "recall of b", "recall of c",
    ]  # fmt: skip


def test_lost_class_is_rejected() -> None:
    """A rare class that one slice no longer finds is seen, where the slice's accuracy hides it."""
    y = np.random.default_rng(0).choice(CLASSES, 2000, p=[0.56, 0.4, 0.04])
    good = answers.multiclass(y, CLASSES)
    bad = answers.multiclass(np.where((COUNTRY == "PL") & (y == "c"), "a", y), CLASSES)
    _, check, *_ = slices.judge({"country": COUNTRY}, Truth(y, "multiclass"), good, bad, Knobs())
    assert check.name == "slice country=PL"
    assert check.decision == Decision.REJECT
    assert check.details["measure"] == "recall of c"
    assert next(test["drop"] for test in check.details["tests"] if test["measure"] == "accuracy") < 0.05


def test_rare_class_is_named() -> None:
    """A class with too few rows in a slice is said to be not judged."""
    y = np.where(np.arange(2000) % 100 == 0, "c", np.where(np.arange(2000) % 2, "a", "b"))
    good = answers.multiclass(y, CLASSES)
    _, check, *_ = slices.judge({"country": COUNTRY}, Truth(y, "multiclass"), good, good, Knobs())
    assert check.decision == Decision.PROMOTE
    assert check.why.endswith("(p 1). Not judged, for fewer than 30 rows: recall of c.")
    settled = slices.judge({"country": COUNTRY}, Truth(y, "multiclass"), good, good, Knobs(minimum=5))[1]
    assert settled.why.endswith("(p 1).")


def test_five_rare_classes_are_named() -> None:
    """Of many classes that are too rare five are named and the others counted."""
    rare = tuple("bcdefgh")
    y = np.where(np.arange(2000) % 500 < 14, np.array(rare)[np.arange(2000) % 7], "a")
    same = answers.multiclass(y, ("a", *rare))
    check = slices.judge({"country": COUNTRY}, Truth(y, "multiclass"), same, same, Knobs())[1]
    assert check.why.endswith("30 rows: recall of b, recall of c, recall of d, recall of e, recall of f and 2 more.")


def test_regression_compares_errors() -> None:
    """For a regression the growth of the mean absolute error counts."""
    random = np.random.default_rng(0)
    y = random.normal(size=2000)
    old, new = (y + random.normal(0, 1, 2000) for _ in range(2))
    worse = answers.numbers(np.where(COUNTRY == "PL", y + 2 * (new - y), new))
    _, *checks = slices.judge({"country": COUNTRY}, Truth(y, "regression"), answers.numbers(old), worse, Knobs())
    assert [check.decision for check in checks] == ["reject"] + ["promote"] * 3
    assert checks[0].details["slice"] == "country=PL"
    assert checks[0].observed == pytest.approx(1.0, abs=0.3)


def test_broken_evidence_is_error() -> None:
    """A column of another length, and answers to other rows, allow no judgement."""
    short = np.array(["DE"] * 7)
    (check,) = slices.judge({"country": short}, Truth(Y, "binary", "yes"), CHAMPION, CANDIDATE, Knobs())
    why = "The slice column 'country' has 7 values, and the holdout 2000 rows."
    assert check == Check("slices", Decision.ERROR, why)
    part = CHAMPION.take(np.arange(9))
    for models, who in (((CHAMPION, part), "The champion"), ((part, CANDIDATE), "The candidate")):
        (check,) = slices.judge({"country": COUNTRY}, Truth(Y[:9], "binary", "yes"), *models, Knobs())
        assert check.decision == Decision.ERROR
        assert check.why.startswith(f"{who} answered 2000 rows, and the holdout has 9")


def test_many_levels_are_refused() -> None:
    """A column with as many levels as rows is no slice."""
    with pytest.raises(ConfigError, match="2,000 levels"):
        judged(CANDIDATE, np.arange(2000))


def test_no_columns_no_checks() -> None:
    """Without a column there is nothing to judge."""
    assert slices.judge({}, Truth(Y, "binary", "yes"), CHAMPION, CANDIDATE, Knobs()) == []


def test_rates_are_nominal() -> None:
    """Twenty equal slices rarely block; one of them that loses all recall nearly always does."""
    random, many = np.random.default_rng(0), np.repeat(np.arange(20), 500)
    false = found = 0
    for _ in range(25):
        y, champion, candidate = answers.pair(random, 10_000, positives=0.05)
        lost = without(candidate, many == 3, False)
        calm = slices.judge({"s": many}, Truth(y, "binary", "yes"), champion, candidate, Knobs())
        hurt = slices.judge({"s": many}, Truth(y, "binary", "yes"), champion, lost, Knobs())
        false += any(check.decision == Decision.REJECT for check in calm)
        found += any(check.decision == Decision.REJECT and check.name == "slice s=3" for check in hurt)
    assert false <= 2
    assert found >= 20


def test_summary_counts_and_names() -> None:
    """The first check counts what was judged and what was not, and names the worst slice."""
    levels = COUNTRY.copy()
    levels[:40] = "LU"
    summary, *rest = everything(CANDIDATE, levels)
    assert (summary.name, summary.decision, summary.advisory) == ("slices", Decision.PROMOTE, False)
    assert summary.why == (
        "4 of 5 slices were judged (1 had fewer than 30 positives), and none is proven to lose more than 0.05. "
        "The worst is country=IT: recall went from 0.7589 to 0.7411."
    )
    assert (summary.observed, summary.limit, summary.n) == (rest[0].observed, 0.05, 2000)
    assert summary.details == {"judged": 4, "refused": [], "not_judged": 1}
    assert rest[-1].name == "slice country=LU"


def test_summary_rejects_with_slice() -> None:
    """A slice that is refused is refused by the summary too, in a sentence that names it."""
    summary, worst, *rest = everything(without(CANDIDATE, COUNTRY == "FR", False))
    assert (summary.decision, worst.decision) == (Decision.REJECT, Decision.REJECT)
    assert "1 lost more than 0.05, proven. The worst is country=FR: recall went from" in summary.why
    assert summary.details == {"judged": 4, "refused": ["country=FR"], "not_judged": 0}
    drops = [check.details["drop"] for check in rest]
    assert drops == sorted(drops, reverse=True)


def test_nothing_judged_holds() -> None:
    """Where no slice has enough rows, the summary holds: that is no pass."""
    summary, *rest = everything(CANDIDATE, minimum=5000)
    why = (
        "0 of 4 slices were judged (4 had fewer than 5000 positives): name coarser slices in [slices], or bring more "
        "rows. A person may approve the candidate."
    )
    details = {"judged": 0, "refused": [], "not_judged": 4}
    assert summary == Check("slices", Decision.HOLD, why, limit=0.05, n=2000, details=details)
    assert all(check.advisory for check in rest)


def test_order_of_rows_is_nothing() -> None:
    """The same rows in another order give the same checks."""
    order = np.random.default_rng(1).permutation(2000)
    models = [answers.binary(model.values[order] == "yes") for model in (CHAMPION, CANDIDATE)]
    again = slices.judge({"country": COUNTRY[order]}, Truth(Y[order], "binary", "yes"), *models, Knobs())
    assert again == everything(CANDIDATE)


def test_fast_at_scale() -> None:
    """Ten columns of five levels over 100,000 rows take less than the model takes to answer them."""
    random = np.random.default_rng(0)
    y, champion, candidate = answers.pair(random, 100_000)
    columns = {str(number): random.choice(list("abcde"), 100_000).astype(object) for number in range(10)}
    times = []
    for _ in range(3):
        began = time.process_time()
        checks = slices.judge(columns, Truth(y, "binary", "yes"), champion, candidate, Knobs())
        times.append(time.process_time() - began)
    assert len(checks) == 51
    assert min(times) < 0.2
