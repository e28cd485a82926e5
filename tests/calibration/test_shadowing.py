import pytest
import small_runs

from calibration import shadowing
from calibration.scenarios import Row, Total
from gatehouse.canary import shadow

BOUND = [row for row in shadowing.TABLE.rows if row.goal]
# As many runs of each scenario as CI has time for; the one that is looked at for an hour takes longer.
RUNS = {row.scenario: 10 for row in BOUND} | {"differs as often as it may": 4}


@pytest.fixture(scope="module")
def totals() -> dict[str, Total]:
    """Run every scenario that has a bound once."""
    return {name: small_runs.total(shadowing.TABLE, name, runs) for name, runs in RUNS.items()}


@pytest.mark.parametrize("row", BOUND, ids=lambda row: row.text)
def test_shadow_keeps_its_bounds(row: Row, totals: dict[str, Total]) -> None:
    """Every rate of the shadow's rule keeps to its bound."""
    share = totals[row.scenario].share(row.event, row.trials)
    assert not row.goal.missed(share), f"{row.text}: {share.count} of {share.trials}, and the bound is {row.goal}"


def test_blind_settings_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule to which half of the spread is no difference lets shifted numbers pass, and that is seen."""
    monkeypatch.setattr(shadowing, "KNOBS", shadow.Knobs(near=0.5))
    row = next(row for row in BOUND if row.scenario.startswith("numbers shifted"))
    assert row.goal.missed(small_runs.total(shadowing.TABLE, row.scenario, 5).share(row.event))
