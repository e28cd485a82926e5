"""Bad data is refused with everything that is wrong with it; what cannot be read is an error, not a verdict on it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gatehouse import cli, config, holdout, workload
from gatehouse.errors import DataError
from gatehouse.stages import validate_data
from gatehouse.verdicts import Decision

SETTINGS = Path(__file__).parents[1] / "workloads/sklearn_binary/gatehouse.toml"
CONFIG = config.load(SETTINGS, {})
FOUND = workload.of(CONFIG)


def command(out: Path, *argv: str) -> tuple[int, dict[str, Any]]:
    """Run the step as a command; return its exit code and its verdict."""
    code = cli.run(validate_data, ["--config", str(SETTINGS), "--out", str(out), *argv])
    return code, json.loads(out.read_text())


def csv(folder: Path, rows: pd.DataFrame, name: str = "rows.csv.gz") -> Path:
    """Write rows and return the file."""
    rows.to_csv(folder / name, index=False)
    return folder / name


def test_good_data_promotes(tmp_path: Path):
    """The workload's own rows pass, and the verdict names their hash, as training does."""
    code, verdict = command(tmp_path / "verdict.json")
    labelled = holdout.labelled(FOUND.load(None, None), FOUND.contract)
    assert (code, verdict["decision"]) == (0, "promote")
    assert verdict["subject"]["data_hash"] == holdout.fingerprint(labelled)


def test_window_is_validated(tmp_path: Path):
    """Only the rows of the window are looked at: too few of them are refused."""
    code, verdict = command(tmp_path / "verdict.json", "--since", "0", "--until", "40")
    assert code == 1
    assert "40 rows" in verdict["why"]


def test_newest_rows_are_validated(tmp_path: Path):
    """Before a retraining it is the sliding window that is looked at, the one that trains."""
    code, verdict = command(tmp_path / "verdict.json", "--window", "sliding", "--until", "50")
    assert code == 1
    assert "50 rows" in verdict["why"]


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_good_file_promotes(tmp_path: Path, name: str):
    """Good rows in a file pass, compressed or not."""
    code, _ = command(tmp_path / "verdict.json", "--rows", str(csv(tmp_path, FOUND.load(None, None), name)))
    assert code == 0


def test_bad_file_rejects_once(tmp_path: Path):
    """All faults of a file stand in one verdict, each with the column, the rows and an example."""
    rows = FOUND.load(None, None).rename(columns={"mean area": "area"}).assign(row=1)
    rows.loc[:4, "mean radius"] = -3.0
    code, verdict = command(tmp_path / "verdict.json", "--rows", str(csv(tmp_path, rows)))
    said = {check["name"]: check["why"] for check in verdict["checks"] if check["decision"] == "reject"}
    assert code == 1
    assert said.keys() == {"mean area: column", "area: column", "row: unique", "mean radius: greater_than_or_equal_to"}
    assert "5 of 569 rows are not, for example -3.0" in said["mean radius: greater_than_or_equal_to"]
    assert len(verdict["details"]["failures"]) == 4


def test_missing_labels_reject():
    """Labels that are gone are refused: nothing can be trained on them."""
    rows = FOUND.load(None, None).astype({"benign": float})
    rows.loc[:2, "benign"] = None
    verdict = validate_data.run(CONFIG, FOUND, rows)
    assert verdict.decision == Decision.REJECT
    assert "'benign' should be there in every row: 3 of 569" in verdict.why


def test_no_rows_are_an_error(tmp_path: Path):
    """A file with a header and no row shows nothing."""
    code, verdict = command(tmp_path / "verdict.json", "--rows", str(csv(tmp_path, FOUND.load(0, 0))))
    assert code == 2
    assert "not one row" in verdict["why"]


TRUNCATED = gzip.compress(b"row,benign\n" + b"1,0\n" * 5000, mtime=0)[:40]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("binary.csv", bytes(range(128, 256))),
        ("ragged.csv", b"row\n1,2,3\n1,2,3,4\n"),
        ("no.csv.gz", b"row,benign\n1,0\n"),
        ("cut.csv.gz", TRUNCATED),
        ("garbled.csv.gz", TRUNCATED[:20] + b"\xff" * 20),
    ],
)
def test_unreadable_file_is_error(tmp_path: Path, name: str, content: bytes):
    """A file that is no CSV ends in a clear error that names it."""
    (tmp_path / name).write_bytes(content)
    code, verdict = command(tmp_path / "verdict.json", "--rows", str(tmp_path / name))
    assert (code, verdict["decision"]) == (2, "error")
    assert f"{name} cannot be read as CSV" in verdict["why"]


def test_absent_file_is_error(tmp_path: Path):
    """A file that is not there is named."""
    with pytest.raises(DataError, match=r"no file .*absent\.csv"):
        validate_data.read(tmp_path / "absent.csv", FOUND.contract)


def test_file_keeps_texts(tmp_path: Path):
    """Identifiers that look like numbers stay texts, and whole numbers become what the schema asks for."""
    found = workload.of(config.load(SETTINGS.parents[1] / "sklearn_regression/gatehouse.toml", {}))
    (tmp_path / "rows.csv").write_text("patient,sex,age\n007,1,50\n")
    rows = validate_data.read(tmp_path / "rows.csv", found.contract)
    assert rows.loc[0, ["patient", "sex"]].tolist() == ["007", "1"]
    assert rows["age"].dtype == float


@pytest.mark.parametrize(("text", "kind"), [("2026-07-01 10:00:00", "M"), ("soon", "O")])
def test_file_reads_times(tmp_path: Path, text: str, kind: str):
    """Times are read as such; what is none stays a text, for the schema to name."""
    found = workload.of(config.Config())
    (tmp_path / "rows.csv").write_text(f"paid_at\n{text}\n")
    assert validate_data.read(tmp_path / "rows.csv", found.contract)["paid_at"].dtype.kind == kind
