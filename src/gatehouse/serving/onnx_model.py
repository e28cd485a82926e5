"""A model that training exported to ONNX, run by ONNX Runtime: scikit-learn and pandas are not loaded for it.

The file says under METADATA how a row becomes its numbers: `codes` hold the number of each level of a text, `new` that
of a level which training never saw, and `missing` that of a gap; for a column of numbers, `missing` says whether there
may be one. Where scikit-learn refused such a value there is no number for it, and it is refused here.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from gatehouse.bundle import ONNX, Bundle
from gatehouse.contract import Contract
from gatehouse.errors import BundleError
from gatehouse.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd

METADATA = "gatehouse"
ERRORS_ONLY = 3


@dataclass(frozen=True)
class Input:
    """How one column becomes numbers: `codes` by level, None for a column of numbers.

    A `new` level or a `missing` value without a number is refused.
    """

    name: str
    codes: Mapping[str, int] | None
    new: float | None
    missing: float | None

    def number(self, value: Any) -> Any:
        """Return the number of a value, None where it is missing. Raises ValueError when it is refused."""
        if value is None:
            found: float | None = self.missing
        else:
            found = value if self.codes is None else self.codes.get(value, self.new)
        if found is None:
            raise ValueError(f"the model takes no {'missing value' if value is None else 'new level'} in {self.name}")
        return found

    def column(self, values: "pd.Series") -> np.ndarray:
        """Return the numbers of a column of a contract's table, shape (n,), with NaN where a value is missing."""
        if self.codes is not None:
            blank = values.isna()
            return np.array(
                [self.number(None if no else value) for value, no in zip(values, blank, strict=True)], float
            )
        numbers = values.to_numpy(dtype=float)
        if self.missing is None and np.isnan(numbers).any():
            self.number(None)
        return numbers


class OnnxModel:
    """A model in a session of ONNX Runtime, with the columns of its matrix; a regression has no classes."""

    # A few rows take less time than the way to another thread and back.
    inline = True

    def __init__(self, session: Any, contract: Contract, inputs: Sequence[Input], classes: Sequence[str]) -> None:
        self._session, self._contract = session, contract
        self.inputs, self._classes = tuple(inputs), tuple(classes)
        self._known = [
            (part.name, None if part.codes is None else {**part.codes, None: part.missing}, part.new)
            for part in self.inputs
        ]
        self._labels = np.array(self._classes, dtype=str)
        self._rows, self._answer = session.get_inputs()[0].name, [session.get_outputs()[0].name]

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract, None where a value is missing. Raises ValueError for refused ones."""
        return self._run(np.array([self._numbers(row) for row in rows], float))

    def predict_table(self, table: "pd.DataFrame") -> Predictions:
        """Predict for a table of raw rows.

        Raises RowsError when it lacks a column or one is of another kind, ValueError for values that are refused.
        """
        features = self._contract.frame(table)
        return self._run(np.column_stack([part.column(features[part.name]) for part in self.inputs]))

    def limit_threads(self) -> None:
        """Do nothing: the session has one thread."""

    def _numbers(self, row: Mapping[str, Any]) -> list[Any]:
        """Return the matrix's row for a row that fits the contract."""
        cells = [row[name] if codes is None else codes.get(row[name], new) for name, codes, new in self._known]
        # A missing number, or what is refused. Not to ask each value saves half of the time.
        return [part.number(row[part.name]) for part in self.inputs] if None in cells else cells

    def _run(self, matrix: np.ndarray) -> Predictions:
        found = self._session.run(self._answer, {self._rows: matrix})[0]
        if not self._classes:
            return Predictions(np.asarray(found, dtype=float).ravel(), np.empty(0))
        scores = np.asarray(found, dtype=float)
        return Predictions(self._labels[scores.argmax(axis=1)], scores, self._classes)


def load(bundle: Bundle) -> OnnxModel:
    """Load the ONNX of an opened bundle. Raises BundleError when it cannot be loaded."""
    try:
        return of((bundle.path / ONNX).read_bytes(), bundle.contract)
    except Exception as error:  # ONNX Runtime has an exception for every status, without a common base
        said = f"{type(error).__name__}: {str(error).strip()}"
        raise BundleError(f"{ONNX} in the bundle at {bundle.path} cannot be loaded: {said}. Train it again.") from error


def of(content: bytes, contract: Contract) -> OnnxModel:
    """Load the bytes of an exported model. Raises whatever ONNX Runtime raises, or KeyError when it says no inputs."""
    options = onnxruntime.SessionOptions()
    # The server answers on one core; more threads would fight over it, and a waiting one must not spin.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = ERRORS_ONLY
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    said = json.loads(session.get_modelmeta().custom_metadata_map[METADATA])
    return OnnxModel(session, contract, [_input(**column) for column in said["columns"]], said["classes"])


def _input(name: str, codes: Mapping[str, int] | None, new: int | None, missing: int | bool | None) -> Input:
    if codes is None:
        return Input(name, None, None, math.nan if missing else None)
    return Input(name, codes, new, missing)
