"""Scoring a release by its own runtime: the image answers as the bundle does, on the raw rows."""

import numpy as np
import pandas as pd
import pytest

from gatehouse import bundle as bundles
from gatehouse.errors import NotComparableError
from gatehouse.registry import connect
from gatehouse.serving import runtime
from gatehouse.stages import rows, scoring


def test_bundle_scores_itself(own):
    """A release without an image is scored by its bundle."""
    registry = connect(own.config)
    release = registry.register(own.bundle)
    holdout = rows.of_bundle(own.bundle, own.found, own.config).holdout
    scored = scoring.by_own_runtime(registry, release, holdout)
    np.testing.assert_array_equal(scored.scores, runtime.load(own.bundle).predict_table(holdout).scores)


def test_refused_rows_are_not_comparable(own):
    """Rows that the release cannot read are not its own, and the column is named."""
    registry = connect(own.config)
    release = registry.register(own.bundle)
    holdout = rows.of_bundle(own.bundle, own.found, own.config).holdout
    with pytest.raises(NotComparableError, match="'mean radius' should hold number values"):
        scoring.by_own_runtime(registry, release, holdout.assign(**{"mean radius": "large"}))


def test_other_library_is_not_comparable(own, tmp_path):
    """A bundle that another release line of scikit-learn wrote is not read here, and the library is named."""
    manifest = {**own.bundle.manifest, "libraries": {"scikit-learn": "1.2.2"}}
    model = bundles.load_model(own.bundle).estimator
    older = bundles.write(tmp_path / "older", model, own.bundle.contract, own.bundle.profile, manifest, "")
    registry = connect(own.config)
    with pytest.raises(NotComparableError, match=r"scikit-learn 1\.2\.2, which reads it"):
        scoring.by_own_runtime(registry, registry.register(older), pd.DataFrame())


@pytest.mark.docker
def test_image_scores_rows(built):
    """The champion's image scores raw rows, with columns that it does not know, without network or disk."""
    registry = connect(built.config)
    release = registry.register(built.bundle, built.serve)
    holdout = rows.of_bundle(built.bundle, built.found, built.config).holdout
    scored = scoring.by_own_runtime(registry, release, holdout.assign(new="column"))
    here = bundles.load_model(built.bundle).predict(holdout)
    assert scored.classes == here.classes
    np.testing.assert_allclose(scored.scores, here.scores, rtol=0, atol=1e-9)


@pytest.mark.docker
def test_lost_column_raises(built):
    """A column that the champion's image needs and that is gone is named."""
    registry = connect(built.config)
    release = registry.register(built.bundle, built.serve)
    holdout = rows.of_bundle(built.bundle, built.found, built.config).holdout
    with pytest.raises(NotComparableError, match="cannot answer these rows: The rows lack mean radius"):
        scoring.by_own_runtime(registry, release, holdout.drop(columns="mean radius"))
