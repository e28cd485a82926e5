"""The reference profile: what the world and the model's answers looked like when it was released.

Columns that the contract calls sensitive are not in it, as they are not in the prediction log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from gatehouse.contract import Column, Contract
from gatehouse.drift import outputs, summary
from gatehouse.drift.summary import Levels, Numbers, Summary
from gatehouse.errors import EvidenceError
from gatehouse.predictions import Predictions

FORMAT = 1


@dataclass(frozen=True)
class Reference:
    """A profile that was read: the number of rows, and the summaries of inputs and outputs by name."""

    rows: int
    features: Mapping[str, Summary]
    outputs: Mapping[str, Summary]


def make(features: pd.DataFrame, contract: Contract, predictions: Predictions) -> dict[str, Any]:
    """Sum up the rows of a reference and the model's answers to them as JSON-ready values.

    Raises EvidenceError when there is no row or another number of answers, DataError when a column is missing.
    """
    if not len(features) or len(features) != len(predictions):
        raise EvidenceError(
            f"A profile needs rows and their answers; there are {len(features)} and {len(predictions)}."
        )
    table = visible(contract).frame(features)
    inputs = {column.name: _summed(table[column.name], column) for column in followed(contract)}
    answers = outputs.summaries(predictions, contract)
    return {
        "format": FORMAT,
        "rows": len(features),
        "features": {name: summary.to_dict(item) for name, item in inputs.items()},
        "outputs": {name: summary.to_dict(item) for name, item in answers.items()},
    }


def read(document: Mapping[str, Any], contract: Contract) -> Reference:
    """Read a profile back. Raises EvidenceError when it is none, or was made for a model with other columns."""
    try:
        if document["format"] != FORMAT:
            raise EvidenceError(f"The reference profile has the format {document['format']}; train the model again.")
        found = Reference(
            int(document["rows"]),
            {name: summary.from_dict(item) for name, item in document["features"].items()},
            {name: summary.from_dict(item) for name, item in document["outputs"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise EvidenceError(f"This is no reference profile ({error!r}). Train the model again.") from error
    _require_match(found, contract)
    return found


def followed(contract: Contract) -> list[Column]:
    """Return the features that drift is looked for in."""
    return [column for column in contract.features if not column.sensitive]


def visible(contract: Contract) -> Contract:
    """Return the contract without the sensitive features."""
    return replace(contract, columns=tuple(column for column in contract.columns if not column.sensitive))


def _summed(values: pd.Series, column: Column) -> Summary:
    if column.kind == "time":
        return summary.Presence(len(values), int(values.isna().sum()))
    if column.kind == "category":
        return summary.of_levels(values, column.categories or ())
    return summary.of_numbers(values.to_numpy(dtype=float))


def _require_match(reference: Reference, contract: Contract) -> None:
    expected = {column.name: column for column in followed(contract)}
    for name in sorted(expected.keys() ^ reference.features.keys()):
        where = "the model has no such feature" if name in reference.features else "the profile does not know it"
        raise EvidenceError(f"The reference profile is another model's: '{name}', and {where}. Train the model again.")
    for name, column in expected.items():
        found = reference.features[name]
        category = isinstance(found, Levels) and not found.coded
        if category != (column.kind == "category") or (column.kind == "time" and isinstance(found, Numbers)):
            raise EvidenceError(f"The reference profile is another model's: '{name}' is no {column.kind} in it.")
    if reference.outputs.keys() != set(outputs.names(contract)):
        raise EvidenceError(f"The reference profile is another model's: it is not of a {contract.task} task.")
