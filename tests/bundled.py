"""The settings of the workloads that the repository brings, from its root."""

import os

import pytest

REAL = pytest.mark.skipif(
    not os.environ.get("BANK_MARKETING_CSV"),
    reason="BANK_MARKETING_CSV is not set: the real data of examples/bank_marketing is NOT tried",
)
WORKLOADS = [
    "gatehouse.toml",
    "tests/workloads/sklearn_binary/gatehouse.toml",
    "tests/workloads/sklearn_multiclass/gatehouse.toml",
    "tests/workloads/sklearn_regression/gatehouse.toml",
    pytest.param("examples/bank_marketing/gatehouse.toml", marks=REAL),
]
