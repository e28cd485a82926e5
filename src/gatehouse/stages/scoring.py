"""Scoring a released model by its own runtime: the libraries and the schema that it was trained with."""

import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import images
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.serving import score

COMMAND = ("python", "-m", "gatehouse.serving.score", "--rows", "-", "--out", "-")


def by_own_runtime(registry: Registry, release: Release, rows: pd.DataFrame) -> Predictions:
    """Return a release's predictions for raw rows: from its image where it has one, else from its bundle."""
    bundle = registry.fetch(release)
    if "@sha256:" not in release.location:
        return bundles.load_model(bundle).predict(rows)
    answers = images.run(release.location, COMMAND, stdin=score.rows_text(rows))
    return score.predictions_from(answers)
