import json
from pathlib import Path

import pytest

from benchmarks import gates

SETTINGS = Path(__file__).parents[1] / "workloads/sklearn_binary/gatehouse.toml"
FOUND = {
    "scoring_seconds": 2.0, "gate_seconds": 0.5, "ratio": 0.25, "metric": "f1", "slices": 50,
    "scorings": {"champion": 1, "candidate": 1},
}  # fmt: skip


def test_gates_are_timed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two models are trained and judged on many slices, and each of them is scored once."""
    out = tmp_path / "gates.json"
    code = gates.main(["--config", str(SETTINGS), "--rows", "2000", "--rounds", "1", "--out", str(out)])
    found = json.loads(out.read_text())
    assert found["scorings"] == {"champion": 1, "candidate": 1}
    assert found["slices"] >= gates.LEVELS
    assert found["met"] == (found["ratio"] < 1) == (code == 0)
    assert "✓ how often the gate scores the holdout" in capsys.readouterr().out


def test_table_marks_what_is_missed() -> None:
    """A ratio above 1, or a model that is scored twice, gets a cross."""
    text = gates.table({**FOUND, "ratio": 1.5, "scorings": {"champion": 1, "candidate": 2}}, 100_000)
    assert text.count("✗") == 2
    assert gates.table(FOUND, 100_000).count("✓") == 2
