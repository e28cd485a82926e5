import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import worlds

from gatehouse.contract import Column
from gatehouse.drift import profile
from gatehouse.errors import DataError, EvidenceError

RANDOM = np.random.default_rng(0)
ROWS, ANSWERS = worlds.rows(RANDOM, 400), worlds.answers(RANDOM, 400)


def made() -> dict[str, Any]:
    """Return a profile that went through JSON."""
    document = profile.make(ROWS, worlds.CONTRACT, ANSWERS)
    found: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    return found


def refused(document: Any, match: str) -> None:
    """Expect an EvidenceError that says why."""
    with pytest.raises(EvidenceError, match=match):
        profile.read(document, worlds.CONTRACT)


def test_profile_knows_columns() -> None:
    """A profile knows every feature but the sensitive ones, and the outputs."""
    found = profile.read(made(), worlds.CONTRACT)
    assert set(found.features) == {"amount", "age", "children", "member", "country", "since"}
    assert set(found.outputs) == {"predicted class", "predicted score"}
    assert found.rows == 400


def test_sensitive_values_stay_out() -> None:
    """Nothing of a sensitive column stands in the profile."""
    assert "diagnosis" not in json.dumps(made())


def test_coerced_rows_are_same() -> None:
    """Rows that the contract has coerced give the profile of the raw ones."""
    again = profile.make(worlds.CONTRACT.frame(ROWS), worlds.CONTRACT, ANSWERS)
    assert json.loads(json.dumps(again)) == made()


def test_row_order_is_nothing() -> None:
    """The order of the rows changes nothing."""
    turned = profile.make(ROWS.iloc[::-1], worlds.CONTRACT, ANSWERS)
    assert json.loads(json.dumps(turned)) == made()


def test_no_rows_are_refused() -> None:
    """Without rows, or with the answers to others, there is no profile."""
    with pytest.raises(EvidenceError, match="there are 0 and 400"):
        profile.make(ROWS[:0], worlds.CONTRACT, ANSWERS)
    with pytest.raises(DataError, match="age"):
        profile.make(ROWS.drop(columns="age"), worlds.CONTRACT, ANSWERS)


def test_other_models_profile_is_refused() -> None:
    """A profile with a feature more, less, or of another kind is another model's."""
    more = made()
    more["features"]["income"] = more["features"]["age"]
    refused(more, "'income', and the model has no such feature")
    fewer = made()
    del fewer["features"]["age"]
    refused(fewer, "'age', and the profile does not know it")
    swapped = made()
    swapped["features"]["country"] = swapped["features"]["age"]
    refused(swapped, "'country' is no category")


def test_other_task_is_refused() -> None:
    """A classifier's profile is not a regression's."""
    contract = replace(worlds.CONTRACT, task="regression", positive=None)
    with pytest.raises(EvidenceError, match="not of a regression"):
        profile.read(made(), contract)


@pytest.mark.parametrize("document", [{}, [], None, {"format": 2}, {"format": 1, "rows": 3, "features": []}])
def test_broken_profile_is_refused(document: Any) -> None:
    """What is no profile ends in an error that says what to do."""
    refused(document, "rain the model again")


def test_new_contract_is_refused() -> None:
    """A feature that was added to the schema after training is noticed."""
    column = Column("income", "number")
    contract = replace(worlds.CONTRACT, columns=(*worlds.CONTRACT.columns, column))
    with pytest.raises(EvidenceError, match="income"):
        profile.read(made(), contract)
