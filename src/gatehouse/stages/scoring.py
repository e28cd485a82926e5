"""Scoring a released model by its own runtime: the libraries and the schema that it was trained with."""

from importlib.metadata import version

import pandas as pd

from gatehouse import images, shell
from gatehouse.bundle import Bundle
from gatehouse.errors import NotComparableError, RowsError
from gatehouse.gates import comparable
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.serving import runtime, score
from gatehouse.workload import Workload

COMMAND = ("python", "-m", "gatehouse.serving.score", "--rows", "-", "--out", "-")
# A skops file is read by the release line that wrote it.
READER = "scikit-learn"


def compared(registry: Registry, release: Release, found: Workload, rows: pd.DataFrame) -> Predictions:
    """Return a release's predictions for the raw rows on which a candidate of the workload is judged.

    Raises NotComparableError, naming the column, when the release was made for other rows than these.
    """
    comparable.require(registry.fetch(release).contract, found.contract, rows)
    answers = by_own_runtime(registry, release, rows)
    comparable.require_answers(answers, found.truth(rows))
    return answers


def by_own_runtime(registry: Registry, release: Release, rows: pd.DataFrame) -> Predictions:
    """Return a release's predictions for raw rows: from its image where it has one, else from its bundle.

    Raises NotComparableError when it cannot answer these rows, or only another release of its libraries can.
    """
    bundle = registry.fetch(release)
    try:
        if "@sha256:" in release.location:
            return _by_image(release.location, rows)
        if bundle.runtime == "sklearn":
            require_same_line(bundle)
        return score.answers(runtime.load(bundle), bundle.contract, rows)
    except RowsError as error:
        raise NotComparableError(f"it cannot answer these rows: {str(error).rstrip('.')}") from error


def _by_image(reference: str, rows: pd.DataFrame) -> Predictions:
    try:
        return score.predictions_from(images.run(reference, COMMAND, stdin=score.rows_text(rows)))
    except shell.CommandError as error:
        if error.code != score.NOT_COMPARABLE:
            raise
        raise RowsError(error.said) from error


def require_same_line(bundle: Bundle) -> None:
    """Raise NotComparableError unless the model was written by the release line of scikit-learn that is here."""
    wrote, here = bundle.manifest.get("libraries", {}).get(READER), version(READER)
    if wrote is not None and wrote.split(".")[:2] != here.split(".")[:2]:
        raise NotComparableError(
            f"it was trained with {READER} {wrote}, which reads it, and {here} is installed here; an image of it would "
            "bring its own"
        )
