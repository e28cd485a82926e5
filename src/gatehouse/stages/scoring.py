"""Scoring a released model by its own runtime: the libraries and the schema that it was trained with."""

import pandas as pd

from gatehouse import bundle as bundles
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry
from gatehouse.release import Release


def by_own_runtime(registry: Registry, release: Release, rows: pd.DataFrame) -> Predictions:
    """Return a release's predictions for raw rows: from its image where it has one, else from its bundle."""
    if "@sha256:" in release.location:
        command = ["python", "-m", "gatehouse.serving.score", "--rows", "-", "--out", "-"]
        answers = images.run(release.location, command, stdin=score.rows_text(rows, contract))
        return score.predictions_from(answers, contract)
    return bundles.load_model(registry.fetch(release)).predict(rows)
