import pytest
import small_runs

from calibration import canary, routing
from calibration.scenarios import Goal, Row, Total

# As many runs of each scenario as CI has time for.
RUNS = {"no difference": 20, "errors doubled": 10, "errors tripled from .05 %": 10}
RUNS |= {"no difference, errors five at a time": 20} | {scenario.name: 10 for scenario in routing.SCENARIOS}
BOUND = [row for row in canary.TABLE.rows if row.goal]


@pytest.fixture(scope="module")
def totals() -> dict[str, Total]:
    """Run every scenario that has a bound once."""
    return {name: small_runs.total(canary.TABLE, name, runs) for name, runs in RUNS.items()}


@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.text)
def test_canary_keeps_its_bounds(row: Row, totals: dict[str, Total]) -> None:
    """Every rate of the canary's rule keeps to its bound."""
    share = totals[row.scenario].share(row.event, row.trials)
    assert not row.goal.missed(share), f"{row.text}: {share.count} of {share.trials}, and the bound is {row.goal}"


@pytest.mark.parametrize("other", [canary.FLAGGER, canary.ARGO, canary.Z])
def test_popular_rules_leave_them(other: str, totals: dict[str, Total]) -> None:
    """The same harness sees that a bare limit rolls back what is sound."""
    assert Goal("≤", 0.03).missed(totals["no difference"].share(f"{other}: rolled back"))


def test_bursts_roll_back_what_is_sound(totals: dict[str, Total]) -> None:
    """The same harness sees that errors counted one by one, when they come five at a time, roll back what is sound."""
    share = totals["no difference, errors five at a time"].share(f"{canary.SINGLE}: rolled back")
    assert Goal("≤", 0.05).missed(share)


def test_reckless_settings_leave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that asks a canary to fail half as often as stable would be seen."""
    reckless = canary.comparison.Knobs(same=0.5, same_late=0.5)
    monkeypatch.setattr(canary.comparison.grown, "__defaults__", (reckless,))
    assert BOUND[0].goal.missed(small_runs.total(canary.TABLE, "no difference", 10).share("rolled back"))
