"""Gaps between groups: what is proven too large is refused, and nothing that chance explains."""

import answers
import numpy as np
import pytest

from gatehouse.errors import ConfigError
from gatehouse.gates import fairness, group_gaps, levels
from gatehouse.gates.fairness import Knobs
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

SEX = np.repeat(np.array(["f", "m", "x"], dtype=object), 1000)
Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(0), 3000)
TRUTH = Truth(Y, "binary", "yes")
CLASSES = ("a", "b", "c")


def judged(
    candidate: Predictions, champion: Predictions | None = CHAMPION, sex: np.ndarray = SEX, **settings: object
) -> dict[str, Check]:
    """Judge a candidate by one column; the checks by what follows the column's name."""
    knobs = Knobs(**settings)  # type: ignore[arg-type]
    groups = {"sex": levels.of("sex", sex, "fairness")}
    checks = fairness.judge(groups, TRUTH, champion, candidate, knobs)
    return {check.name.removeprefix("fairness sex: "): check for check in checks}


def without(rows: np.ndarray, said: bool = False, model: Predictions = CANDIDATE) -> Predictions:
    """Return a model that gives one answer on some rows."""
    return answers.binary(np.where(rows, said, model.values == "yes"))


def refused(checks: dict[str, Check]) -> list[str]:
    """Return the names of what was refused."""
    return [name for name, check in checks.items() if check.decision == Decision.REJECT]


def test_fair_model_passes() -> None:
    """A fair model passes; what has no limit is reported and decides nothing."""
    checks = judged(CANDIDATE)
    assert list(checks) == ["demographic parity", "equal opportunity", "equalised odds", "equalised odds, growth"]
    assert {check.decision for check in checks.values()} == {Decision.PROMOTE}
    assert [check.advisory for check in checks.values()] == [True, True, False, False]
    assert checks["equal opportunity"].limit is None
    assert checks["equal opportunity"].why.endswith(
        ": [fairness] equal_opportunity sets no limit: this is reported only."
    )
    assert checks["equalised odds"].why.endswith(": within 0.2.")


def test_gap_is_shown_with_its_groups() -> None:
    """The sentence names the rate and both groups, and a report has all of its numbers."""
    checks = judged(without((SEX == "m") & (np.arange(3000) % 2 == 0)))
    check, growth = checks["equalised odds"], checks["equalised odds, growth"]
    low, high = check.interval or (0, 0)
    assert check.why == (
        f"recall is 0.8135 for sex=f and 0.385 for sex=m, a gap of 0.4285: proven to be at least {low:.4g}, above 0.2."
    )
    assert (check.observed, check.limit, check.n) == (check.details["gap"], 0.2, 3000)
    assert check.details == {
        "group_column": "sex", "gap": check.observed, "low": low, "high": high, "measure": "equalised odds",
        "rate": "recall", "highest": "sex=f", "lowest": "sex=m", "old_gap": growth.details["old_gap"],
    }  # fmt: skip
    old, new = growth.details["old_gap"], growth.details["new_gap"]
    assert growth.why == (
        f"The gap is {new:.4g}, and {old:.4g} for the champion: it grew by {new - old:+.4g}, proven to be at least "
        f"{growth.interval[0]:.4g}, above 0.05."  # type: ignore[index]
    )
    assert growth.details == {
        "group_column": "sex", "measure": "equalised odds, growth", "old_gap": old, "new_gap": new,
    }  # fmt: skip
    assert (growth.observed, growth.limit) == (pytest.approx(new - old), 0.05)


def test_unproven_gap_is_said() -> None:
    """A gap that is above its limit by chance passes, and is said to be so."""
    check = judged(without((SEX == "m") & (np.arange(3000) % 5 == 0)))["equalised odds"]
    assert check.decision == Decision.PROMOTE
    assert check.interval is not None
    assert check.why.endswith(f": above 0.2, but not proven to be: the lower bound is {check.interval[0]:.4g}.")


def test_groups_are_tabled() -> None:
    """The first check has a row a group: its rows and the candidate's rates."""
    table = judged(CANDIDATE)["demographic parity"].details["tables"]["Groups by sex"]
    said, ups = CANDIDATE.values == "yes", Y == "yes"
    for row, group in zip(table, "fmx", strict=True):
        mine = group == SEX
        assert row == {
            "group": f"sex={group}",
            "rows": 1000,
            "share called positive": round(said[mine].mean(), 4),
            "recall": round(said[mine & ups].mean(), 4),
            "false-alarm rate": round(said[mine & ~ups].mean(), 4),
        }


def test_lost_recall_is_rejected() -> None:
    """A group whose positives are hardly found is refused, with both groups and the bound in the sentence."""
    checks = judged(without((SEX == "m") & (np.arange(3000) % 2 == 0)))
    assert refused(checks) == ["equalised odds", "equalised odds, growth"]
    check = checks["equalised odds"]
    assert check.interval is not None
    assert 0.2 < check.interval[0] < check.details["gap"]
    assert "for sex=m, a gap of" in check.why
    assert check.details["lowest"] == "sex=m"


def test_false_alarms_are_rejected() -> None:
    """A group on which the model cries wolf is refused by equalised odds, not by equal opportunity."""
    loud = without((SEX == "x") & (np.arange(3000) % 2 == 0) & (Y == "no"), True)
    checks = judged(loud, equal_opportunity=0.2, demographic_parity=0.2)
    assert refused(checks) == [
        "demographic parity", "demographic parity, growth", "equalised odds", "equalised odds, growth",
    ]  # fmt: skip
    assert "false-alarm rate is" in checks["equalised odds"].why


def test_first_model_is_judged() -> None:
    """Without a champion the gap itself is judged, and no growth."""
    checks = judged(without(SEX == "m"), champion=None)
    assert refused(checks) == ["equalised odds"]
    assert "equalised odds, growth" not in checks
    assert checks["equalised odds"].details["old_gap"] is None


def test_growth_alone_is_rejected() -> None:
    """A gap within its limit that grew by more than the tolerance is refused."""
    worse = without((SEX == "m") & (np.arange(3000) % 3 == 0), model=CHAMPION)
    checks = judged(worse, equalised_odds=0.9)
    assert refused(checks) == ["equalised odds, growth"]
    assert "it grew by +" in checks["equalised odds, growth"].why
    assert refused(judged(worse, equalised_odds=0.9, growth=0.0)) == []


def test_old_gap_is_no_growth() -> None:
    """A gap that the champion has too is refused for its size alone."""
    unfair = without(SEX == "m", model=CHAMPION)
    assert refused(judged(unfair, champion=unfair)) == ["equalised odds"]


def test_small_group_is_listed() -> None:
    """A group with few positives is named, left out of the gap and shown without a number."""
    sex = SEX.copy()
    sex[:40] = "u"
    checks = judged(without(sex == "u"), sex=sex)
    assert refused(checks) == []
    assert checks["not judged"].advisory
    few = (np.arange(3000) < 40) & (Y == "yes")
    assert checks["not judged"].why == f"Not judged, for fewer than 30 rows: recall in sex=u ({few.sum()})."
    assert checks["not judged"].details == {"group_column": "sex"}
    (*_, row) = [
        row for row in checks["demographic parity"].details["tables"]["Groups by sex"] if row["group"] == "sex=u"
    ]
    assert (row["rows"], row["recall"]) == (40, None)


def test_nothing_to_compare_holds() -> None:
    """Where no two groups have enough rows a limit holds, and what is only reported is left out."""
    checks = judged(CANDIDATE, minimum=5000)
    assert list(checks) == ["equalised odds", "not judged"]
    assert (checks["equalised odds"].decision, checks["equalised odds"].advisory) == (Decision.HOLD, False)
    assert checks["equalised odds"].why == (
        "Not judged: no two groups of sex have 5,000 rows each for recall or false-alarm rate. Name coarser groups in "
        "[fairness], or bring more rows. A person may approve the candidate."
    )
    assert (checks["equalised odds"].limit, checks["not judged"].decision) == (0.2, Decision.HOLD)
    called = [f"share called positive in sex={group} (1000)" for group in "fmx"]
    assert checks["not judged"].why.startswith(f"Not judged, for fewer than 5,000 rows: {', '.join(called)}, recall")
    assert checks["not judged"].why.endswith(") and 1 more.")
    assert judged(CANDIDATE, sex=np.full(3000, "f"))["equalised odds"].decision == Decision.HOLD


def test_rare_positives_hold() -> None:
    """False alarms that can be compared do not make up for a recall that cannot; too many of them still reject."""
    checks = judged(CANDIDATE, minimum=500)
    assert list(checks)[1:] == ["equalised odds", "equalised odds, growth", "equalised odds, recall", "not judged"]
    assert checks["equalised odds"].details["rate"] == "false-alarm rate"
    assert checks["equalised odds, recall"].decision == Decision.HOLD
    assert "no two groups of sex have 500 rows each for recall." in checks["equalised odds, recall"].why
    assert "equalised odds" in refused(judged(without((SEX == "x") & (Y == "no"), True), minimum=500))


def test_rare_class_is_listed() -> None:
    """A class that is rare in every group is listed, and does not hold what the other classes show."""
    y = np.where(np.arange(3000) % 300 == 0, "c", np.where(np.arange(3000) % 2 == 0, "a", "b"))
    model = answers.multiclass(y, CLASSES)
    checks = fairness.judge({"sex": levels.of("sex", SEX, "f")}, Truth(y, "multiclass"), None, model, Knobs())
    assert [check.decision for check in checks if not check.advisory] == [Decision.PROMOTE]
    assert "recall of c in sex=f (4)" in checks[-1].why


def test_lost_class_is_rejected() -> None:
    """With several classes the one that a group loses is named."""
    y = np.random.default_rng(0).choice(CLASSES, 3000)
    good = answers.multiclass(y, CLASSES)
    bad = answers.multiclass(np.where((SEX == "f") & (y == "c"), "a", y), CLASSES)
    groups = {"sex": levels.of("sex", SEX, "fairness")}
    checks = fairness.judge(groups, Truth(y, "multiclass"), good, bad, Knobs())
    assert [check.decision for check in checks] == ["promote", "promote", "reject", "reject"]
    assert "recall of c is 1 for" in checks[2].why
    assert checks[2].details["lowest"] == "sex=f"


def test_bias_of_numbers_is_rejected() -> None:
    """A regression that underrates one group is refused, in standard deviations of the label."""
    random = np.random.default_rng(0)
    y = random.normal(50, 10, 3000)
    fair = answers.numbers(y + random.normal(0, 5, 3000))
    biased = answers.numbers(fair.values - 4 * (SEX == "x"))
    groups = {"sex": levels.of("sex", SEX, "fairness")}
    both = [fairness.judge(groups, Truth(y, "regression"), fair, model, Knobs()) for model in (fair, biased)]
    assert [[check.decision for check in checks] for checks in both] == [["promote"] * 2, ["reject"] * 2]
    assert both[1][0].observed == pytest.approx(0.4, abs=0.05)


def test_broken_evidence_is_error() -> None:
    """Answers to other rows, NaN, and a column of another length allow no judgement."""
    short = judged(CANDIDATE, sex=SEX[:7])["fairness"]
    assert short == Check("fairness", Decision.ERROR, "'sex' has 7 values, and the holdout 3000 rows.")
    nan = Predictions(CANDIDATE.values, CANDIDATE.scores * np.nan, CANDIDATE.classes)
    assert judged(nan)["fairness"].decision == Decision.ERROR
    few = Predictions(CANDIDATE.values[:9], CANDIDATE.scores[:9], CANDIDATE.classes)
    assert judged(CANDIDATE, champion=few)["fairness"].why.startswith("The champion answered 9 rows")
    assert judged(few)["fairness"].why.startswith("The candidate answered 9 rows")


def test_many_groups_are_refused() -> None:
    """A column with more groups than can be compared in pairs says what to do."""
    with pytest.raises(ConfigError, match=r"100 groups.*edges in \[fairness\] bins"):
        judged(CANDIDATE, sex=np.arange(3000) % 100)


def test_as_many_groups_as_allowed() -> None:
    """The largest number of groups is compared, each with exactly as many rows as it must have."""
    checks = judged(CANDIDATE, sex=np.arange(3000) % fairness.MOST_GROUPS, minimum=100, demographic_parity=0.9)
    assert checks["demographic parity"].n == 3000
    assert "demographic parity" not in [name for name in checks if checks[name].decision == Decision.HOLD]


@pytest.mark.parametrize(
    ("settings", "champion", "shared"),
    [
        ({}, None, 1),
        ({"growth": 0.0}, CHAMPION, 1),
        ({}, CHAMPION, 2),
        ({"equal_opportunity": 0.2}, CHAMPION, 4),
        ({"equalised_odds": 0.0}, CHAMPION, 1),
        ({"minimum": 5000, "equalised_odds": 0.9}, None, None),
    ],
)
def test_alpha_is_shared(settings: dict[str, float], champion: Predictions | None, shared: int | None) -> None:
    """All bounds that can refuse share alpha: of every limit, of gap and growth, of every pair in both orders."""
    checks = judged(CANDIDATE, champion, **settings)
    if shared is None:
        assert "demographic parity" not in checks
        return
    n, said = np.full(3, 1000), (CANDIDATE.values == "yes").reshape(3, 1000).sum(axis=1)
    expected = group_gaps.gap(group_gaps.shares(said, n, 0.05 / shared / 6), group_gaps.pairs([3]))
    assert checks["demographic parity"].interval == pytest.approx((expected.low, expected.high))


def test_sentences_fit_decisions() -> None:
    """A gap within its limit, one above it that is not proven, and a growth that is not proven say so."""
    fine = judged(CANDIDATE)
    assert fine["equalised odds"].why.endswith(": within 0.2.")
    assert fine["equalised odds, growth"].why.endswith("which is not proven to be above 0.05.")
    narrow = judged(CANDIDATE, equalised_odds=0.001)["equalised odds"]
    assert narrow.why.endswith("above 0.001, but not proven to be: the lower bound is 0.")
    assert "sets no limit" in fine["demographic parity"].why
    assert fine["demographic parity"].limit is None


def test_unjudged_checks_name_their_column() -> None:
    """What is not judged says of which column and measure, and names some of the groups."""
    checks = judged(CANDIDATE, sex=np.arange(3000) % 12, minimum=5000)
    held, few = checks["equalised odds"], checks["not judged"]
    assert {"group_column": "sex", "measure": "equalised odds"}.items() <= held.details.items()
    assert (held.limit, few.decision) == (0.2, Decision.HOLD)
    assert few.details["group_column"] == "sex"
    assert few.why.endswith("share called positive in sex=5 (250) and 28 more.")


def test_no_columns_no_checks() -> None:
    """Without groups there is nothing to judge."""
    assert fairness.judge({}, TRUTH, CHAMPION, CANDIDATE, Knobs()) == []


def test_rates_are_nominal() -> None:
    """A gap of exactly the limit is rarely refused, one far above it nearly always."""
    random, false, found = np.random.default_rng(0), 0, 0
    group = np.arange(2400) % 4
    groups = {"g": levels.of("g", group, "fairness")}
    for _ in range(100):
        truth = random.random(2400) < 0.5
        for lost in (0.2, 0.4):
            said = truth & (random.random(2400) < np.where(group == 0, 0.8 - lost, 0.8))
            checks = fairness.judge(
                groups, Truth(answers.labels(truth), "binary", "yes"), None, answers.binary(said), Knobs()
            )
            caught = any(check.decision == Decision.REJECT for check in checks)
            false, found = false + (caught and lost == 0.2), found + (caught and lost == 0.4)
    assert false <= 5
    assert found >= 90
