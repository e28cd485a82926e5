import json
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import worlds

from gatehouse.drift import column, finding, profile, rules, summary
from gatehouse.drift.knobs import Knobs
from gatehouse.drift.rules import Outcome
from gatehouse.drift.summary import Summary
from gatehouse.errors import EvidenceError
from gatehouse.gates.metrics import Estimate
from gatehouse.predictions import Predictions
from gatehouse.verdicts import SEVERITY, Decision

RANDOM = np.random.default_rng(0)
PROFILE = json.loads(json.dumps(profile.make(worlds.rows(RANDOM, 2000), worlds.CONTRACT, worlds.answers(RANDOM, 2000))))


def judged(
    rows: pd.DataFrame,
    answers: Predictions | None = None,
    earlier: Sequence[Collection[str]] = (),
    performance: Estimate | None = None,
    **settings: Any,
) -> Outcome:
    """Judge a window, with calm answers unless others are given."""
    answers = worlds.answers(np.random.default_rng(7), len(rows)) if answers is None else answers
    return rules.judge(PROFILE, worlds.CONTRACT, rows, answers, earlier, Knobs(**settings), performance)


def decision(outcome: Outcome) -> Decision:
    """Return the worst decision of the checks that count."""
    return max((check.decision for check in outcome.checks if not check.advisory), key=SEVERITY.index)


def window(shift: float = 0.0, n: int = 1000) -> pd.DataFrame:
    """Return a window's rows."""
    return worlds.rows(np.random.default_rng(8), n, shift)


def test_calm_window_passes() -> None:
    """Rows of the same world are no drift, and the table has every column."""
    outcome = judged(window())
    assert (decision(outcome), outcome.action, outcome.alarmed) == (Decision.PROMOTE, "none", ())
    assert [row["feature"] for row in outcome.table][-3:] == ["since", "predicted class", "predicted score"]
    assert outcome.judged


def test_first_drift_holds() -> None:
    """Drift that is seen for the first time is logged and named."""
    outcome = judged(window(shift=0.5))
    assert (decision(outcome), outcome.action, outcome.alarmed) == (Decision.HOLD, "log", ("amount",))
    assert any("amount (effect" in check.why for check in outcome.checks)


def test_second_drift_rejects() -> None:
    """Drift in two of three windows is an issue, and does not retrain by itself."""
    outcome = judged(window(shift=0.5), earlier=[{"amount"}, set()])
    assert (decision(outcome), outcome.action) == (Decision.REJECT, "issue")
    assert [row["confirmed"] for row in outcome.table if row["feature"] == "amount"] == [True]


def test_setting_lets_drift_retrain() -> None:
    """Confirmed drift retrains only where the setting says so and the index is above it."""
    drifted, earlier = window(shift=0.8), [{"amount"}]
    assert judged(drifted, earlier=earlier, retrain_psi=0.2).action == "retrain"
    assert judged(drifted, earlier=earlier, retrain_psi=5.0).action == "issue"
    assert judged(drifted, retrain_psi=0.2).action == "log"


def test_missing_spike_is_immediate() -> None:
    """A spike of missing values is an issue in its first window."""
    rows = window()
    rows.loc[:149, "amount"] = np.nan
    outcome = judged(rows)
    assert (decision(outcome), outcome.action, outcome.alarmed) == (Decision.REJECT, "issue", ("amount",))
    assert outcome.table[1]["test"] == "missing"


def test_lost_column_is_immediate() -> None:
    """A column that is gone, or renamed, counts as all missing."""
    outcome = judged(window().rename(columns={"country": "land"}))
    assert (decision(outcome), outcome.action, outcome.alarmed) == (Decision.REJECT, "issue", ("country",))


def test_new_level_is_immediate() -> None:
    """A country that never was is an issue in its first window; one that the schema lists is not."""
    rows, listed = window(), window()
    rows.loc[:19, "country"], listed.loc[:19, "country"] = "ZZ", "MT"
    assert judged(rows).action == "issue"
    assert judged(listed).action == "none"


def test_predictions_are_followed() -> None:
    """Answers that lean another way are prediction drift, though no feature moved."""
    outcome = judged(window(), worlds.answers(np.random.default_rng(7), 1000, lean=0.7))
    assert outcome.alarmed == ("predicted class", "predicted score")
    assert [check.name for check in outcome.checks if check.decision == Decision.HOLD and not check.advisory] == [
        "prediction drift"
    ]


@pytest.mark.parametrize("n", [0, 1, 499])
def test_few_rows_hold(n: int) -> None:
    """A window with too few rows, or none, is insufficient and leaves nothing to remember."""
    outcome = judged(window(n=n))
    assert (decision(outcome), outcome.action, outcome.judged) == (Decision.HOLD, "none", False)
    assert (outcome.table, outcome.alarmed) == ([], ())


def test_lost_performance_retrains() -> None:
    """A labelled metric that is proven to miss its floor retrains, with calm features and few rows too."""
    bad = Estimate("f1", True, 0.4, 0.02, 800)
    for rows in (window(), window(n=10)):
        outcome = judged(rows, performance=bad, performance_floor=0.6)
        assert (decision(outcome), outcome.action) == (Decision.REJECT, "retrain")


def test_broken_data_stops_retraining() -> None:
    """Where data is broken nothing is retrained, whatever the labels say."""
    bad = Estimate("f1", True, 0.4, 0.02, 800)
    outcome = judged(window().assign(country=None), performance=bad, performance_floor=0.6)
    assert outcome.action == "issue"


def test_other_models_profile_is_refused() -> None:
    """A window is not judged against another model's profile, nor with the answers to other rows."""
    other = {**PROFILE, "features": {}}
    with pytest.raises(EvidenceError, match="another model's"):
        rules.judge(other, worlds.CONTRACT, window(), worlds.answers(RANDOM), [], Knobs())
    with pytest.raises(EvidenceError, match="1000 rows and 7 answers"):
        judged(window(), worlds.answers(RANDOM, 7))


def test_large_window_is_sampled() -> None:
    """Above the most rows, tests run on a seeded sample, and the notices say so."""
    rows = window(n=3000)
    outcome, again = (judged(rows, maximum_rows=800) for _ in range(2))
    assert outcome.table == again.table
    assert {row["n"] for row in outcome.table if row["feature"] in ("amount", "predicted score")} == {800}
    assert "The window has 3,000 rows: distributions were tested on 800 of them." in outcome.notices


def test_notices_name_the_limits() -> None:
    """A reference that is small beside the window is said to be so, and columns that are only counted are named."""
    small = "The reference has 2,000 rows, fewer than ten times the window's 1,000: small drift may be missed."
    sensitive, counted = (
        "Not followed, because they are sensitive: diagnosis.",
        "Followed for missing values only: since.",
    )
    assert judged(window(), maximum_rows=1000).notices == (small, sensitive, counted)
    assert judged(window(n=200), minimum_rows=100).notices == (sensitive, counted)


def test_row_order_is_nothing() -> None:
    """The order of the rows changes nothing."""
    rows, answers = window(0.3), worlds.answers(np.random.default_rng(7))
    order = np.random.default_rng(1).permutation(1000)
    turned = Predictions(answers.values[order], answers.scores[order], answers.classes)
    assert judged(rows, answers).table == judged(rows.iloc[order], turned).table


def test_sensitive_columns_are_not_followed() -> None:
    """A sensitive column need not be in the window, and the notices say that it is not followed."""
    outcome = judged(window().drop(columns="diagnosis"))
    assert outcome.action == "none"
    assert "Not followed, because they are sensitive: diagnosis." in outcome.notices


def test_outcome_is_json() -> None:
    """The table can be written as JSON without a NaN."""
    assert json.dumps(judged(window(0.5)).table, allow_nan=False)


def test_rates_are_nominal() -> None:
    """Thirty calm features rarely alarm; one of them moved by a quarter of a deviation nearly always does."""
    random, rounds, false, found = np.random.default_rng(0), 100, 0, 0
    for _ in range(rounds):
        reference = [summary.of_numbers(values) for values in random.normal(size=(30, 1000))]
        calm, moved = random.normal(size=(2, 30, 1000))
        moved[0] += 0.25
        false += any(alarms(reference, calm))
        found += alarms(reference, moved)[0]
    assert false / rounds <= 0.03
    assert found / rounds >= 0.9


def alarms(reference: Sequence[Summary], window: np.ndarray) -> list[bool]:
    """Tell which columns of a window alarm, shape (columns, rows)."""
    pairs = zip(reference, window, strict=True)
    found = [column.examine("x", "input", before, pd.Series(now), None, Knobs()) for before, now in pairs]
    return [item.alarmed for item in finding.adjust(found, Knobs())]
