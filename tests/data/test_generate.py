"""The example's data can be made again, and is what its README says."""

import gzip
from dataclasses import replace
from pathlib import Path

import generate
import pandas as pd
import pytest
from generate import World


@pytest.fixture(scope="module")
def payments() -> pd.DataFrame:
    """Return some 3,600 payments, to read and not to change."""
    return generate.payments(customers=500)


def test_sample_is_made_again():
    """The committed sample is what the generator makes, to the last digit."""
    made = generate.to_bytes(generate.payments())
    assert gzip.decompress(generate.SAMPLE.read_bytes()) == gzip.decompress(made)


def test_sample_is_small():
    """The sample stays a small part of the repository."""
    assert generate.SAMPLE.stat().st_size <= 3_000_000


def test_bytes_hold_no_hour(payments: pd.DataFrame):
    """A compressed file says neither when nor under which name it was made."""
    made = generate.to_bytes(payments)
    assert made == generate.to_bytes(payments)
    assert made[3:8] == b"\x00" * 5  # gzip's flags, which would announce a name, and its time


def test_seed_decides(payments: pd.DataFrame):
    """The same seed gives the same payments, and another one others."""
    pd.testing.assert_frame_equal(payments, generate.payments(customers=500))
    assert not payments.equals(generate.payments(seed=1, customers=500))


def test_rows_are_in_order(payments: pd.DataFrame):
    """Payments come in the order of time, each with its own id, and labels come afterwards."""
    assert payments["paid_at"].is_monotonic_increasing
    assert payments["payment_id"].is_unique
    assert (payments["labelled_on"] > payments["paid_at"]).all()


def test_memory_is_true(payments: pd.DataFrame):
    """What a payment says of the customer's earlier ones is what the table holds of them."""
    late = payments[payments["paid_at"] >= "2026-02-01"].sample(60, random_state=0)
    for _, row in late.iterrows():
        own = payments[payments["customer_id"] == row["customer_id"]].sort_values("paid_at")
        ago = (row["paid_at"] - own.loc[own["paid_at"] < row["paid_at"], "paid_at"]).dt.total_seconds()
        assert (ago <= generate.DAY).sum() == row["payments_24h"]
        within = ago[ago <= generate.MEMORY]
        assert pd.isna(row["seconds_since_last"]) if within.empty else within.min() == row["seconds_since_last"]


def test_history_can_be_other():
    """Another world makes other payments: dearer ones, on phones."""
    start, calm = generate.HISTORY[1]
    dear = replace(calm, dearness=3.0, devices=(0.5, 0.0, 0.5, 0.0))
    made = generate.payments(customers=500, history=[(generate.START, calm), (start, dear)])
    before, after = made[made["paid_at"] < pd.Timestamp(start)], made[made["paid_at"] >= pd.Timestamp(start)]
    assert after["amount"].median() > 2 * before["amount"].median()
    assert set(after["device"]) == {"android", "ios"}


def test_unknown_pattern_is_refused():
    """A world whose fraudsters nobody described cannot be made."""
    with pytest.raises(KeyError, match="autumn"):
        generate.payments(customers=20, history=[(generate.START, World(pattern="autumn"))])


def test_command_writes_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The command writes the payments with the fault that was asked for, and says how many."""
    out = tmp_path / "new" / "bad.csv.gz"
    assert generate.main(["--customers", "50", "--out", str(out), "--fault", "renamed_column"]) == 0
    assert "dist_km" in pd.read_csv(out).columns
    assert "suspicious, in" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--customers", "0"], ["--fault", "earthquake"]])
def test_wrong_argument_is_refused(argv: list[str]):
    """Arguments that make no sense end before a file is written."""
    with pytest.raises(SystemExit) as ended:
        generate.main(argv)
    assert ended.value.code == 2
