import json
from pathlib import Path

import pytest

from calibration import __main__ as command
from calibration.scenarios import Goal, Row, Scenario, Table

FAIR = Table("Coins", "", (Scenario("coin", lambda random: {"heads": random.random() < 0.5}, 200),),
             (Row("heads", "coin", "heads", Goal("≤", 0.7)),))  # fmt: skip


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a coin in place of the rules."""
    monkeypatch.setattr(command, "TABLES", {"gate": FAIR, "drift": FAIR})


def test_table_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table that was asked for is printed and written with its seed and commit."""
    assert command.main(["--only", "gate", "--jobs", "1", "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "gate.json").read_text())
    assert (written["seed"], written["met"], written["rows"][0]["goal"]) == (0, True, "≤ 70 %")
    assert "✓ heads" in capsys.readouterr().out
    assert not (tmp_path / "drift.json").exists()


def test_missed_goal_ends_badly(tmp_path: Path) -> None:
    """Too few runs prove nothing, which the exit code says."""
    assert command.main(["--only", "gate", "--runs", "3", "--jobs", "1", "--out", str(tmp_path)]) == 1


def test_page_says_what_made_it(tmp_path: Path) -> None:
    """The page is written with the command that makes it again, table by table."""
    page = tmp_path / "CALIBRATION.md"
    given = ["--jobs", "1", "--out", str(tmp_path), "--page", str(page)]
    assert command.main([*given, "--seed", "3"]) == 0
    assert '`make calibrate ARGS="--seed 3"`' in page.read_text()
    command.main([*given, "--only", "gate"])
    assert '`make calibrate ARGS="--only gate"`' in page.read_text()
