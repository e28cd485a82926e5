"""Each planted fault changes what it says, and nothing else."""

import generate
import numpy as np
import pandas as pd
import payment_faults
import pytest

from gatehouse import workload
from gatehouse.stages import schema_failures
from workload.schema import SCHEMA


@pytest.fixture(scope="module")
def payments() -> pd.DataFrame:
    """Return some 3,600 payments, to read and not to change."""
    return generate.payments(customers=500)


def changed(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return the columns that are not the same in both."""
    return [name for name in before if not before[name].equals(after[name])]


@pytest.mark.parametrize(
    ("fault", "column", "rule"),
    [
        ("missing_spike", "distance_km", "missing"),
        ("renamed_column", "distance_km", "column"),
        ("impossible_values", "amount", "in_range"),
    ],
)
def test_schema_refuses_broken_data(payments: pd.DataFrame, fault: str, column: str, rule: str):
    """What a broken pipeline makes of the data is refused by the schema."""
    broken = payment_faults.FAULTS[fault](payments)
    found = schema_failures.find(broken, SCHEMA, workload.contract_of(SCHEMA))
    assert (column, rule) in {(failure.column, failure.rule) for failure in found}


@pytest.mark.parametrize("fault", ["covariate_shift", "prior_shift", "concept_drift"])
def test_schema_accepts_moved_world(payments: pd.DataFrame, fault: str):
    """A world that moved breaks no rule: only drift and performance show it."""
    moved = payment_faults.FAULTS[fault](payments)
    assert schema_failures.find(moved, SCHEMA, workload.contract_of(SCHEMA)) == []


def test_original_stays(payments: pd.DataFrame):
    """A fault is planted in a copy."""
    before = payments.copy()
    for plant in payment_faults.FAULTS.values():
        plant(payments)
    pd.testing.assert_frame_equal(payments, before)


def test_covariate_shift_moves_one_column(payments: pd.DataFrame):
    """Only the numbers of one column move."""
    moved = payment_faults.covariate_shift(payments, factor=2.0)
    assert changed(payments, moved) == ["amount"]
    np.testing.assert_allclose(moved["amount"], 2 * payments["amount"])


@pytest.mark.parametrize("share", [0.03, 0.3, 0.6])
def test_prior_shift_reaches_share(payments: pd.DataFrame, share: float):
    """As many payments are suspicious as was asked for, more or less than before, in the order of time."""
    moved = payment_faults.prior_shift(payments, share)
    assert moved["suspicious"].mean() == pytest.approx(share, abs=0.05)
    assert moved["paid_at"].is_monotonic_increasing


def test_concept_drift_stays_in_slice(payments: pd.DataFrame):
    """Labels turn around in one slice, as often as was asked for; no feature moves."""
    moved = payment_faults.concept_drift(payments, share=0.5)
    turned = moved["suspicious"] != payments["suspicious"]
    assert changed(payments, moved) == ["suspicious"]
    assert set(payments.loc[turned, "device"]) == {"ios"}
    assert turned[payments["device"] == "ios"].mean() == pytest.approx(0.5, abs=0.06)


def test_missing_spike_loses_values(payments: pd.DataFrame):
    """The share of values that was asked for is lost."""
    before = payments["distance_km"].isna().mean()
    after = payment_faults.missing_spike(payments, share=0.4)["distance_km"].isna().mean()
    assert after == pytest.approx(before + 0.4 * (1 - before), abs=0.03)


def test_impossible_values_hit_one_row():
    """Even the smallest table gets its fault."""
    rows = pd.DataFrame({"amount": [1.0, 2.0]})
    assert payment_faults.impossible_values(rows, share=0.0)["amount"].tolist() == [-100.0, 2.0]
