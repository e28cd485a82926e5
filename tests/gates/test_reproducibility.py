"""Reproducibility: the same is said to be the same, and what differs is named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.gates import reproducibility
from gatehouse.gates.reproducibility import Training
from gatehouse.verdicts import Decision

NOW = {
    "created_at": "2026-01-02",
    "commit": "c1",
    "code": "code",
    "seed": 0,
    "data": {"hash": "d", "holdout_hash": "h", "training_rows": 100},
    "predictions": "p",
    "predictions_rounded": "r",
    "libraries": {"scikit-learn": "1.9.0"},
    "environment": {"openmp threads": "2"},
}


def earlier(name: str = "the champion 1.0.0", **changes: Any) -> Training:
    """Return an earlier training that differs from now in `changes` only."""
    return Training(name, NOW | {"created_at": "2026-01-01"} | changes)


def test_same_is_reproduced():
    """The same code, data and seed gave the same predictions."""
    check = reproducibility.judge(NOW, [earlier()])
    assert (check.name, check.decision, check.advisory) == ("reproducible", Decision.PROMOTE, True)
    assert check.why == (
        "Reproduced: the champion 1.0.0 was trained with the same code, data and seed, and gives the same predictions, "
        "bit by bit."
    )
    assert check.details == {"compared": "the champion 1.0.0"}


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"libraries": {"scikit-learn": "1.8.0"}}, {"what": "scikit-learn", "earlier": "1.8.0", "now": "1.9.0"}),
        ({"libraries": {}}, {"what": "scikit-learn", "earlier": None, "now": "1.9.0"}),
        ({"environment": {"openmp threads": "4"}}, {"what": "openmp threads", "earlier": "4", "now": "2"}),
        ({"commit": "c0"}, {"what": "commit", "earlier": "c0", "now": "c1"}),
    ],
)
def test_difference_is_named(changes: dict[str, Any], row: dict[str, Any]):
    """When other predictions come out, whatever was recorded and differs is named, with both values."""
    check = reproducibility.judge(NOW, [earlier(predictions="other", predictions_rounded="other", **changes)])
    assert (check.name, check.decision, check.advisory) == ("reproducible", Decision.HOLD, True)
    assert check.why == (
        "Not reproduced: the champion 1.0.0 was trained with the same code, data and seed, and gives other "
        f"predictions. What was recorded and differs: {row['what']}."
    )
    assert check.details == {
        "compared": "the champion 1.0.0",
        "agrees_to_four_digits": False,
        "tables": {"What differs": [row]},
    }


def test_six_differences_are_named():
    """Of many differences six are named and the others counted."""
    now = NOW | {"parameters": {f"p{number}": number for number in range(8)}, "predictions": "new"}
    check = reproducibility.judge(now, [earlier(parameters={}, predictions_rounded="other")])
    assert check.why.endswith("What was recorded and differs: p0, p1, p2, p3, p4, p5 and 2 more.")
    six = now | {"parameters": {f"p{number}": number for number in range(6)}}
    assert reproducibility.judge(six, [earlier(parameters={})]).why.endswith("p4, p5.")


def test_unrecorded_difference_is_said():
    """When nothing that was recorded differs, the estimator is to be looked at."""
    check = reproducibility.judge(NOW, [earlier(predictions="other", predictions_rounded="other")])
    assert check.why.endswith(
        "gives other predictions. Nothing that was recorded differs: look for a part of the estimator without a "
        "random_state, or for one that depends on the time, on other files, or on the order of a set."
    )


def test_rounding_is_no_other_model():
    """Predictions that agree to four digits are told from those of another model."""
    close = reproducibility.judge(NOW, [earlier(predictions="other")])
    assert close.decision == Decision.HOLD
    assert "gives other predictions, which agree to four digits: the same sums in another order. No" in close.why
    assert close.details["agrees_to_four_digits"] is True
    old = {key: value for key, value in NOW.items() if key != "predictions_rounded"} | {"predictions": "other"}
    assert "four digits" not in reproducibility.judge(NOW, [Training("an old one", old)]).why


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"code": "x"}, "the code changed"),
        ({"seed": 1}, "the seed changed"),
        ({"data": {"hash": "x", "holdout_hash": "x"}}, "the data changed"),
        ({"data": {**NOW["data"], "training_rows": 9}}, "the split of the rows changed"),
        ({"code": "x", "seed": 1}, "the code and the seed changed"),
        ({"data": {}}, "the data changed"),
    ],
)
def test_other_inputs_are_not_compared(changes: dict[str, Any], named: str):
    """Other code, data, seed or split is another training: it is said which."""
    check = reproducibility.judge(NOW, [earlier(predictions="other", **changes)])
    assert check.decision == Decision.PROMOTE
    assert check.why == (f"There is nothing to compare: {named} since the champion 1.0.0, the newest that was found.")


def test_nothing_earlier():
    """The first training of all has nothing to be compared with."""
    check = reproducibility.judge(NOW, [])
    assert (check.why, check.details) == ("There is no earlier training to compare with.", {})


def test_newest_is_compared():
    """Of several trainings with the same inputs the newest counts; one with other inputs does not."""
    trainings = [
        earlier("old", predictions="other"),
        earlier("newest", created_at="2026-01-01T12"),
        earlier("another", created_at="2026-01-01T18", seed=9),
    ]
    assert "newest" in reproducibility.judge(NOW, trainings).why


def test_unrecorded_groups_are_left_out():
    """A manifest from before something was recorded does not differ in it."""
    old = {key: value for key, value in NOW.items() if key != "environment"} | {"predictions": "other"}
    assert reproducibility.differences(old, NOW) == {}


@given(st.dictionaries(st.sampled_from(["code", "seed", "commit", "predictions"]), st.text(max_size=2)))
def test_only_same_inputs_hold(changes: dict[str, str]):
    """It holds exactly where code and seed are the same and the predictions are not."""
    check = reproducibility.judge(NOW, [earlier(**changes)])
    same = changes.get("code", "code") == "code" and "seed" not in changes
    assert (check.decision == Decision.HOLD) == (same and changes.get("predictions", "p") != "p")
