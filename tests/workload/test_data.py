"""The example's data comes from a file, in windows of days."""

from datetime import date
from pathlib import Path

import generate
import pandas as pd
import pytest

from workload import data


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a small file, which load reads."""
    monkeypatch.setenv("GATEHOUSE_DATA", str(tmp_path))
    (tmp_path / data.FILE).write_bytes(generate.to_bytes(generate.payments(customers=40)))
    return tmp_path


def test_days_bound_the_window(folder: Path):
    """The first day belongs to a window, and the last does not."""
    rows = data.load(date(2026, 3, 1), date(2026, 3, 11))
    assert rows["paid_at"].min() >= pd.Timestamp("2026-03-01")
    assert rows["paid_at"].max() < pd.Timestamp("2026-03-11")


def test_no_bound_takes_all(folder: Path):
    """Without bounds every payment is loaded, in the order of time."""
    rows = data.load()
    assert len(rows) == len(pd.read_csv(folder / data.FILE))
    assert rows["paid_at"].is_monotonic_increasing


def test_shuffled_file_is_sorted(folder: Path):
    """The order of the file does not matter."""
    before = data.load()
    shuffled = before.sample(frac=1, random_state=0)
    (folder / data.FILE).write_bytes(generate.to_bytes(shuffled))
    pd.testing.assert_frame_equal(data.load(), before)


def test_repository_holds_data(monkeypatch: pytest.MonkeyPatch):
    """Without the variable the sample of the repository is read, from wherever the step runs."""
    monkeypatch.delenv("GATEHOUSE_DATA", raising=False)
    assert (data.folder() / data.FILE).samefile(generate.SAMPLE)


def test_absent_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder without the file is told by the file's name."""
    monkeypatch.setenv("GATEHOUSE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=data.FILE):
        data.load()
