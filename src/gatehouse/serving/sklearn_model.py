"""A model as training saved it, run by scikit-learn: for pipelines that ONNX cannot say, and for older bundles."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle, Model
from gatehouse.predictions import Predictions
from gatehouse.serving import columns


class SklearnModel:
    """A loaded estimator, which is given tables."""

    # A prediction takes milliseconds, in which the server would answer nobody.
    inline = False

    def __init__(self, model: Model) -> None:
        self._model = model
        self._features, self._rest = columns.split(model)

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Predict for rows that fit the contract, None where a value is missing. Raises whatever the estimator does."""
        return self._rest.predict_features(self._features(rows))

    def predict_table(self, table: pd.DataFrame) -> Predictions:
        """Predict for a table of raw rows. Raises RowsError for a column that is lost or unreadable."""
        return self._model.predict(table)

    def limit_threads(self) -> None:
        """Keep the numeric libraries to one thread; OpenMP keeps its limit for the thread that sets it."""
        threadpool_limits(limits=1)


def load(bundle: Bundle) -> SklearnModel:
    """Load the estimator of an opened bundle. Raises BundleError when it holds types that are not trusted."""
    return SklearnModel(bundles.load_model(bundle))
