"""The real workload: calls in the order of their rows, no answer leaks, and its drift is real."""

import os
from pathlib import Path

import pytest

from gatehouse import config, holdout, workload
from gatehouse.bundle import Model
from gatehouse.drift import profile, rules
from gatehouse.errors import DataError

CONFIG = config.load(Path(__file__).parents[2] / "examples/bank_marketing/gatehouse.toml", {})
REAL = pytest.mark.skipif(
    not os.environ.get("BANK_MARKETING_CSV"),
    reason="BANK_MARKETING_CSV is not set: the real data of examples/bank_marketing is NOT tried",
)
HEADER = "age;job;marital;education;default;housing;loan;duration;campaign;pdays;previous;euribor3m;y\n"


@pytest.fixture
def found() -> workload.Workload:
    """Return the workload."""
    return workload.of(CONFIG)


def test_unset_variable_is_told(found: workload.Workload, monkeypatch: pytest.MonkeyPatch):
    """Without the variable the error names it, and where to read about the file."""
    monkeypatch.delenv("BANK_MARKETING_CSV", raising=False)
    with pytest.raises(DataError, match=r"BANK_MARKETING_CSV is not set: see README\.md"):
        found.load(None, None)


def test_absent_file_is_told(found: workload.Workload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A file that is not there is named."""
    monkeypatch.setenv("BANK_MARKETING_CSV", str(tmp_path / "absent.csv"))
    with pytest.raises(DataError, match=r"absent\.csv"):
        found.load(None, None)


@pytest.mark.parametrize("answers", [("0", "1", "0"), ("no", "yes", "no")])
def test_rows_are_positions(
    found: workload.Workload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: tuple[str, ...]
):
    """Rows are numbered in the file's order, and both spellings of the answer are read."""
    row = "56;admin.;married;basic.4y;no;no;no;261;1;999;0;4.857"
    (tmp_path / "calls.csv").write_text(HEADER + "".join(f"{row};{answer}\n" for answer in answers))
    monkeypatch.setenv("BANK_MARKETING_CSV", str(tmp_path / "calls.csv"))
    rows = found.load(1, 3)
    assert rows[["row", "y"]].to_numpy().tolist() == [[1, 1], [2, 0]]
    assert "pdays" not in rows


def test_answer_does_not_leak(found: workload.Workload):
    """What is known only after the call is no feature."""
    assert "duration" in found.schema.columns
    assert "duration" not in {column.name for column in found.contract.features}


@REAL
def test_first_and_last_quarter_differ(found: workload.Workload):
    """The drift between the first and the last quarter is found; the first quarter by itself has none."""
    contract, quarter = found.contract, 10_297
    training, judging = holdout.split(found.load(None, quarter), contract, CONFIG.holdout)
    model = Model(found.build().fit(contract.frame(training), contract.labels(training)), contract)
    reference = profile.make(contract.frame(judging), contract, model.predict(judging))

    def alarmed(rows: object) -> set[str]:
        frame = contract.frame(rows)
        return set(rules.judge(reference, contract, frame, model.predict(rows), [], CONFIG.drift).alarmed)

    assert alarmed(training.reset_index(drop=True)) == set()
    assert {"euribor3m", "previous", "age"} <= alarmed(found.load(3 * quarter, None))
