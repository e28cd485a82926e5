"""Planted faults: they are there, and the steps that they are meant for see them."""

import numpy as np

from gatehouse.stages import planted, validate_data
from gatehouse.verdicts import Decision


def test_spoiled_data_is_refused(trained):
    """Data that was spoiled does not pass the schema, and the same data unspoiled does."""
    rows = trained.found.load(None, None)
    knobs = trained.config
    broken, said = planted.spoiled(rows, trained.found.contract)
    assert validate_data.run(knobs, trained.found, broken).decision == Decision.REJECT
    assert "renamed" in said


def test_labels_are_shuffled():
    """The estimator sees other labels, and as many of each class as before."""
    labels = np.repeat(["a", "b"], 100)
    seen = {}

    class Keeps:
        def fit(self, features, labels):
            seen["labels"] = labels
            return self

    planted.fit_on_shuffled_labels(Keeps(), None, labels)
    assert (seen["labels"] != labels).mean() > 0.2
    assert sorted(seen["labels"]) == sorted(labels)
