from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gatehouse import workload
from gatehouse.bundle import Model
from gatehouse.config import Config, Window
from gatehouse.errors import WorkloadError
from gatehouse.stages import falling_back
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Decision

FOUND = workload.find("workloads.sklearn_binary")
ROWS = rowsets.prepare(FOUND, Config(), Window())
MODEL = Model(
    FOUND.build().fit(FOUND.contract.frame(ROWS.training), FOUND.contract.labels(ROWS.training)), FOUND.contract
).predict(ROWS.holdout)
LIMIT = 0.5


def tried(rule: Any) -> falling_back.Tried:
    """Try a rule on the held-out rows."""
    return falling_back.run(Config(), replace(FOUND, fallback=rule), ROWS, MODEL)


def prior(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the same for all."""
    return {"0": 0.4, "1": 0.6}


def leaning(row: Mapping[str, Any]) -> dict[str, float]:
    """Use what the server does not have."""
    return {"0": 1 - LIMIT, "1": LIMIT}


def silent(row: Mapping[str, Any]) -> None:
    """Return nothing."""


def test_workload_needs_none() -> None:
    """A workload without a fallback has nothing to try."""
    assert tried(None) == falling_back.Tried()


def test_rule_is_measured() -> None:
    """A rule is taken as its text, with its classes, and the report says how good it is."""
    found = tried(prior)
    assert found.source is not None
    assert found.source.startswith("def prior(row")
    assert found.about is not None
    assert found.about["classes"] == list(MODEL.classes)
    assert found.check is not None
    assert found.check.decision == Decision.PROMOTE
    assert "the fallback answers: f1" in found.check.why


@pytest.mark.parametrize(
    ("rule", "why"), [(leaning, "name 'LIMIT'"), (silent, "On a held-out row"), (len, "a function")]
)
def test_unservable_rule_is_refused(rule: Any, why: str) -> None:
    """A rule that needs its file, or says nothing, is refused at training, with the reason."""
    with pytest.raises(WorkloadError, match=why):
        tried(rule)
