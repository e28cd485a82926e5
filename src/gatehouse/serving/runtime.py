"""Runs the model: loaded and warmed once, by what its bundle says serves it.

Few rows are answered at once, where that is quick; many go to a thread of their own, so that the server goes on
answering beside it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from gatehouse.bundle import Bundle
from gatehouse.errors import GatehouseError
from gatehouse.predictions import Predictions
from gatehouse.serving import values
from gatehouse.serving.batches import Batches

if TYPE_CHECKING:
    import pandas as pd

# Imported when it is chosen: the image of one runtime does not hold what the other imports.
MODULES = {"onnx": "gatehouse.serving.onnx_model", "sklearn": "gatehouse.serving.sklearn_model"}


class ModelError(GatehouseError):
    """The model raised, or answered with something that is no prediction."""


class TooLateError(GatehouseError):
    """The model did not answer within the time limit."""


class Model(Protocol):
    """What each runtime provides; its module's `load(bundle)` returns one, or raises BundleError."""

    # Whether few rows may be predicted on the server's own thread.
    inline: bool

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract, None where a value is missing. May raise anything."""

    def predict_table(self, table: "pd.DataFrame") -> Predictions:
        """Predict for a table of raw rows. Raises RowsError when it lacks a column; may raise anything else."""

    def limit_threads(self) -> None:
        """Keep the numeric libraries to one thread, for predictions on the thread that calls this."""


class Runtime:
    """The model of a bundle, ready to answer. Raises BundleError when it cannot be loaded.

    At most `inline_rows` are answered at once, none where the model is not quick; `time_limit` holds for the others.
    """

    def __init__(self, bundle: Bundle, inline_rows: int = 20, time_limit: float = 5.0) -> None:
        self._contract, self._time_limit = bundle.contract, time_limit
        self._model = load(bundle)
        self.inline_rows = inline_rows if self._model.inline else 0
        # The numeric libraries' own threads would fight over the cores with the server.
        self._batches = Batches(self.answer, self._model.limit_threads)

    async def predict(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract. Raises ModelError, or TooLateError after the time limit."""
        if len(rows) <= self.inline_rows:
            return self.answer(rows)
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._batches.predict(rows)
        except TimeoutError:
            raise TooLateError(f"the model took more than {self._time_limit:g} s") from None

    def queue(self) -> tuple[int, float]:
        """Return how many requests wait for the model's own thread, and for how many seconds another one would."""
        return self._batches.queue()

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract, on the thread that asks. Raises ModelError."""
        try:
            answers = self._model.predict(rows)
        except Exception as error:  # whatever a model may raise
            raise ModelError(f"the model raised {type(error).__name__}") from error
        if len(answers) != len(rows):
            raise ModelError(f"the model gave {len(answers)} predictions for {len(rows)} rows")
        if not answers.finite():
            raise ModelError("the model gave a number that is not finite")
        return answers

    def warm(self) -> str:
        """Predict an invented row, so that no user waits for what the first prediction loads.

        Return what went wrong, or nothing: an invented row that fails is a warning, and no proof of a broken model.
        """
        try:
            self._batches.thread.submit(self.answer, [self.example()]).result()
        except ModelError as error:
            return str(error)
        return ""

    def example(self) -> dict[str, Any]:
        """Return a row that fits the contract."""
        return {column.name: values.example(column) for column in self._contract.features}

    def close(self) -> None:
        """Stop the thread."""
        self._batches.close()


def load(bundle: Bundle) -> Model:
    """Load the model of an opened bundle by the runtime that serves it. Raises BundleError when it cannot be loaded."""
    model: Model = import_module(MODULES[bundle.runtime]).load(bundle)
    return model
