"""Runs the model: loaded and warmed once, on one thread of its own, so that the server goes on answering beside it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.errors import GatehouseError
from gatehouse.predictions import Predictions
from gatehouse.serving import values


class ModelError(GatehouseError):
    """The model raised, or answered with something that is no prediction."""


class Runtime:
    """The model of a bundle, ready to answer. Raises BundleError when it cannot be loaded."""

    def __init__(self, bundle: Bundle) -> None:
        self._contract = bundle.contract
        self._model = bundles.load_model(bundle)
        # More threads than one fight over the interpreter, and the numeric libraries' own would fight over the cores;
        # OpenMP keeps its limit per thread, so it is set on the thread that predicts.
        self._thread = ThreadPoolExecutor(1, "model", initializer=lambda: threadpool_limits(limits=1))

    async def predict(self, rows: list[dict[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract. Raises ModelError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._predict, rows)

    def warm(self) -> str:
        """Predict an invented row, so that no user waits for what the first prediction loads.

        Return what went wrong, or nothing: an invented row that fails is a warning, and no proof of a broken model.
        """
        try:
            self._thread.submit(self._predict, [self.example()]).result()
        except ModelError as error:
            return str(error)
        return ""

    def example(self) -> dict[str, Any]:
        """Return a row that fits the contract."""
        return {column.name: values.example(column) for column in self._contract.features}

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown()

    def _predict(self, rows: list[dict[str, Any]]) -> Predictions:
        names = [column.name for column in self._contract.features]
        try:
            answers = self._model.predict(pd.DataFrame.from_records(rows, columns=names))
        except Exception as error:  # whatever a model may raise
            raise ModelError(f"the model raised {type(error).__name__}") from error
        if len(answers) != len(rows):
            raise ModelError(f"the model gave {len(answers)} predictions for {len(rows)} rows")
        if not answers.finite():
            raise ModelError("the model gave a number that is not finite")
        return answers
