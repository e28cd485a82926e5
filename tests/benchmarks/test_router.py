from typing import Any

import pytest

from benchmarks import router

STEADY: dict[str, Any] = {"good_per_second": 1000.0, "sent": 5000, "statuses": {"200": 5000}}
CHANGING = {**STEADY, "good_per_second": 960.0, "changes": [5, 10]}


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, True),
        ({"good_per_second": 940.0}, False),
        ({"statuses": {"200": 4999}}, False),
        ({"statuses": {"200": 4999, "502": 1}}, False),
        ({"changes": []}, False),
    ],
)
def test_goals_are_judged(changes: dict[str, Any], met: bool) -> None:
    """Fewer requests, a failed or a lost one, and no change at all are misses."""
    found = router.judged([STEADY], [{**CHANGING, **changes}])
    assert found["met"] is met
    assert ("✗" in router.table(found)) is (not met and bool(found["changes"]))


def test_real_router_is_measured(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The benchmark runs as a user starts it, and no request fails."""
    out = tmp_path / "router.json"
    router.main(["--seconds", "1", "--rounds", "1", "--every", "0.2", "--out", str(out)])
    assert "✓ requests that failed" in capsys.readouterr().out
    assert out.is_file()
