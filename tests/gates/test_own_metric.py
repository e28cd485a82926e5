from typing import Any

import answers
import numpy as np
import pandas as pd
import pytest

from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics, own_metric
from gatehouse.gates.own_metric import Declaration
from gatehouse.gates.truth import Truth

Y, CHAMPION, CANDIDATE = answers.pair(np.random.default_rng(0), 900)
ROWS = pd.DataFrame({"shop": np.repeat(np.arange(90), 10), "amount": np.random.default_rng(1).gamma(2, 10, 900)})


def saved(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> float:
    """Return the share of the money at stake that a model points at."""
    return float(rows["amount"][(y == "yes") & (predictions.values == "yes")].sum() / rows["amount"][y == "yes"].sum())


def by_shop(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> np.ndarray:
    """Return the share of right answers in every shop."""
    return pd.Series(predictions.values == y).groupby(rows["shop"].to_numpy()).mean().to_numpy()


def truth(function: Any, rows: pd.DataFrame | None = ROWS, **said: Any) -> Truth:
    """Return the truth with one own metric, called `own`."""
    declared = Declaration(function=function, **{"better": "higher", **said})
    return Truth(Y, "binary", "yes", rows, (own_metric.of("own", declared),))


def test_number_is_bootstrapped() -> None:
    """A number has the error of a bootstrap over the rows, raw columns included, and the seed repeats it."""
    first, again = (metrics.compare("own", truth(saved), CHAMPION, CANDIDATE, 100, 3) for _ in range(2))
    assert first.champion == pytest.approx(saved(ROWS, Y, CHAMPION))
    assert first.se == again.se > 0
    assert (first.n, first.unit) == (900, "rows")


def test_units_have_paired_t() -> None:
    """An array has the mean, and the error of a paired t test over its units."""
    found = metrics.compare("own", truth(by_shop, unit="shops"), CHAMPION, CANDIDATE)
    apart = by_shop(ROWS, Y, CANDIDATE) - by_shop(ROWS, Y, CHAMPION)
    assert found.delta == pytest.approx(apart.mean())
    assert found.se == pytest.approx(apart.std(ddof=1) / np.sqrt(90))
    assert (found.n, found.unit) == (90, "shops")


def test_direction_is_declared() -> None:
    """Where lower is better, a candidate that has more is worse."""
    kept = truth(lambda rows, y, said: 1 - by_shop(rows, y, said), better="lower")
    found = metrics.compare("own", kept, CHAMPION, answers.binary(Y == "yes"))
    assert found.delta > 0


def test_same_units_leave_doubt() -> None:
    """A metric that sees no difference between two different models proves little on few units."""
    flat = truth(lambda rows, y, said: rows.groupby("shop")["amount"].mean().to_numpy() / 10)
    assert metrics.compare("own", flat, CHAMPION, CANDIDATE).bounds(0.95)[0] < -0.01
    assert metrics.compare("own", flat, CHAMPION, CHAMPION).bounds(0.95)[0] == 0


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda rows, y, said: 1 / 0, "raised ZeroDivisionError on 900 rows: division by zero"),
        (lambda rows, y, said: rows["nowhere"], "raised KeyError on 900 rows: 'nowhere'"),
        (lambda rows, y, said: "good", "returned str, which is no number"),
        (lambda rows, y, said: None, "own and its standard error are nan"),
        (lambda rows, y, said: float("nan"), "own and its standard error are nan"),
        (lambda rows, y, said: np.ones((3, 2)), r"shape \(3, 2\)"),
        (lambda rows, y, said: np.ones(1), r"shape \(1,\)"),
        (lambda rows, y, said: np.where(np.arange(9) < 2, np.nan, 1), "infinite for 2 of 9 rows"),
    ],
)  # fmt: skip
def test_broken_function_is_named(function: Any, words: str) -> None:
    """Whatever a function returns that is no metric, or raises, is an error that names it."""
    with pytest.raises(EvidenceError, match=words) as caught:
        metrics.estimate("own", truth(function), CHAMPION, 10)
    assert "own" in str(caught.value)


def test_function_has_its_place() -> None:
    """The error names the function and its module."""
    with pytest.raises(EvidenceError, match=r"'own' \(\S*test_own_metric\.saved\) is measured on the raw rows"):
        metrics.estimate("own", truth(saved, rows=None), CHAMPION)


def test_units_depend_on_rows_only() -> None:
    """Units that come and go with the answers cannot be paired."""
    with pytest.raises(EvidenceError, match=r"own has \d+ rows for the champion and \d+ for the candidate"):
        metrics.compare("own", truth(lambda rows, y, said: np.ones((said.values == "yes").sum())), CHAMPION, CANDIDATE)


def test_function_cannot_write() -> None:
    """What a function writes into its rows is seen by nobody else."""

    def vandal(rows: pd.DataFrame, y: np.ndarray, predictions: Any) -> float:
        rows["amount"] = 0
        y[:] = "no"
        return 1.0

    before, labels = ROWS.copy(), Y.copy()
    metrics.estimate("own", truth(vandal), CHAMPION, 3)
    pd.testing.assert_frame_equal(ROWS, before)
    assert (labels == Y).all()
