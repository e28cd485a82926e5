import pytest
import small_runs

from calibration import drift
from calibration.scenarios import Row, Total
from gatehouse.drift.knobs import Knobs

# As many runs of each scenario as CI has time for.
RUNS = {
    "no drift": 25, "60 years": 1, "shift of .25 sd": 25, "missing spike of 15 %": 6, "concept flip of 20 %": 12,
}  # fmt: skip
BOUND = [row for row in drift.TABLE.rows if row.goal]


@pytest.fixture(scope="module")
def totals() -> dict[str, Total]:
    """Run every scenario that has a bound once."""
    return {name: small_runs.total(drift.TABLE, name, runs) for name, runs in RUNS.items()}


@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.text)
def test_drift_keeps_its_bounds(row: Row, totals: dict[str, Total]) -> None:
    """Every rate of the drift rules keeps to its bound."""
    share = totals[row.scenario].share(row.event, row.trials)
    assert not row.goal.missed(share), f"{row.text}: {share.count} of {share.trials}, and the bound is {row.goal}"


@pytest.mark.parametrize(
    ("place", "other"),
    [(0, drift.RAW), (0, drift.EVIDENTLY), (1, drift.RAW), (2, drift.DEEPCHECKS), (3, drift.ALIBI)],
)
def test_popular_rules_leave_them(place: int, other: str, totals: dict[str, Total]) -> None:
    """The same harness refuses what is popular."""
    row = BOUND[place]
    assert row.goal.missed(totals[row.scenario].share(row.others[other], row.trials))


def test_features_never_show_a_concept(totals: dict[str, Total]) -> None:
    """Without labels, labels that turned round are not seen."""
    assert BOUND[4].goal.missed(totals["concept flip of 20 %"].share("features"))


def test_reckless_settings_leave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drift rules that call everything drift would be seen."""
    monkeypatch.setattr(drift, "KNOBS", Knobs(q=0.9, numeric_effect=1e-9))
    assert BOUND[0].goal.missed(small_runs.total(drift.TABLE, "no drift", 5).share("alarm"))
