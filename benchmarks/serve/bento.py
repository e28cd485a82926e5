"""The pipeline as a BentoML service, as its documentation does it: rows in, a data frame, probabilities out."""

import bentoml
import numpy as np
import pandas as pd


@bentoml.service(workers=1, traffic={"max_concurrency": 1000})
class Pipeline:
    """One worker with the model that `export.py` saved."""

    def __init__(self) -> None:
        self.model = bentoml.sklearn.load_model("pipeline:latest")

    @bentoml.api  # type: ignore[untyped-decorator, unused-ignore]
    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Return each class's probability, shape (n, classes)."""
        found: np.ndarray = self.model.predict_proba(rows)
        return found
