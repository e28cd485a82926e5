"""The rates of groups are fairlearn's, counted by hand."""

import answers
import numpy as np
import pytest

from gatehouse.errors import EvidenceError
from gatehouse.gates import group_rates, levels
from gatehouse.gates.truth import Truth

RANDOM = np.random.default_rng(0)
GROUP = RANDOM.choice(["f", "m", "x"], 1000)
LEVELS = levels.of("sex", GROUP, "fairness")
CLASSES = ("a", "b", "c")


def test_binary_rates_are_fairlearns() -> None:
    """Selection rate, recall and false-alarm rate of each group, of both models."""
    y, champion, candidate = answers.pair(RANDOM, 1000)
    rates = group_rates.of(LEVELS, Truth(y, "binary", "yes"), champion, candidate)
    assert {key: [rate.name for rate in found] for key, found in rates.items()} == {
        "demographic_parity": ["share called positive"],
        "equal_opportunity": ["recall"],
        "equalised_odds": ["recall", "false-alarm rate"],
    }
    among = {"demographic_parity": y == y, "equal_opportunity": y == "yes", "equalised_odds": y == "no"}
    for key, rows in among.items():
        for place, group in enumerate("fmx"):
            here = rows & (group == GROUP)
            old, new, _ = rates[key][-1].of(np.arange(3) == place, 0.05)
            assert rates[key][-1].n[place] == here.sum()
            assert (old.value[0], new.value[0]) == pytest.approx(
                ((champion.values[here] == "yes").mean(), (candidate.values[here] == "yes").mean())
            )


def test_classes_are_taken_apart() -> None:
    """With several classes each is compared against the rest."""
    y = RANDOM.choice(CLASSES, 1000)
    model = answers.multiclass(RANDOM.choice(CLASSES, 1000), CLASSES)
    rates = group_rates.of(LEVELS, Truth(y, "multiclass"), model, model)
    assert [rate.name for rate in rates["equal_opportunity"]] == ["recall of a", "recall of b", "recall of c"]
    assert [rate.name for rate in rates["equalised_odds"][3:]] == [f"false-alarm rate of {name}" for name in CLASSES]
    assert [rate.name for rate in rates["demographic_parity"]] == [f"share called {name}" for name in CLASSES]
    assert {rate.kind for rate in rates["equalised_odds"]} == {"recall", "false-alarm rate"}
    here = (y == "b") & (GROUP == "m")
    assert rates["equal_opportunity"][1].candidate[1] == pytest.approx((model.values[here] == "b").mean())


def test_regression_compares_errors() -> None:
    """A regression's errors are averaged in standard deviations of the label, with their spread and correlation."""
    y = RANDOM.normal(5, 2, 1000)
    old, new = (answers.numbers(y + RANDOM.normal(0, 1, 1000)) for _ in range(2))
    ((rate,),) = group_rates.of(LEVELS, Truth(y, "regression"), old, new).values()
    here = GROUP == "m"
    errors = [(model.values - y)[here] / y.std() for model in (old, new)]
    before, after, correlation = rate.of(np.arange(3) == 1, 0.025)
    assert after.value[0] == rate.candidate[1] == pytest.approx(errors[1].mean())
    assert before.down[0] == pytest.approx(1.96 * errors[0].std(ddof=1) / here.sum() ** 0.5, rel=0.02)
    assert correlation[0] == pytest.approx(np.corrcoef(errors)[0, 1])


def test_last_group_may_lack_a_cell() -> None:
    """A group without positives has a recall of no rows, wherever it stands."""
    y = np.where(GROUP == "x", "no", "yes")
    rates = group_rates.of(LEVELS, Truth(y, "binary", "yes"), *(answers.binary(y == "yes"),) * 2)
    assert rates["equal_opportunity"][0].n.tolist() == [(GROUP == "f").sum(), (GROUP == "m").sum(), 0]
    assert rates["equal_opportunity"][0].candidate.tolist() == [1, 1, 0]


def test_same_error_has_no_correlation() -> None:
    """Errors that do not vary in a group have a spread and a correlation of 0, and small labels are no fault."""
    y = RANDOM.normal(0, 0.01, 1000)
    model = answers.numbers(y + 0.5)
    ((rate,),) = group_rates.of(LEVELS, Truth(y, "regression"), model, model).values()
    _, after, correlation = rate.of(np.ones(3, dtype=bool), 0.025)
    assert after.down == pytest.approx(0, abs=1e-9)
    assert np.isfinite(correlation).all()
    assert (rate.name, rate.kind) == ("mean error", "mean error")


def test_constant_label_has_no_scale() -> None:
    """Labels that are all the same say nothing of how large an error is."""
    model = answers.numbers(RANDOM.normal(size=1000))
    with pytest.raises(EvidenceError, match="standard deviation of 0"):
        group_rates.of(LEVELS, Truth(np.full(1000, 3.0), "regression"), model, model)
