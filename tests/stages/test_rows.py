"""The rows of a window: split the same way for every step, or not judged at all."""

from dataclasses import replace

import pytest

from gatehouse.errors import EvidenceError
from gatehouse.stages import rows


def test_split_repeats(trained):
    """A bundle's rows are found again, with the same hash."""
    found = rows.of_bundle(trained.bundle, trained.found, trained.config)
    assert found.hash == trained.bundle.manifest["data"]["hash"]
    assert found.holdout_hash == trained.bundle.manifest["data"]["holdout_hash"]


def test_changed_data_raises(trained):
    """Data that changed after training judges nobody."""

    def changed(since, until):
        loaded = trained.found.load(since, until)
        loaded.iloc[0, 1] = -1.0
        return loaded

    with pytest.raises(EvidenceError, match="the data changed"):
        rows.of_bundle(trained.bundle, replace(trained.found, load=changed), trained.config)


def test_other_holdout_raises(trained):
    """With another share held out, rows that trained the model would judge it."""
    larger = replace(trained.config, holdout=replace(trained.config.holdout, share=0.5))
    with pytest.raises(EvidenceError, match="have been trained on rows that would judge it"):
        rows.of_bundle(trained.bundle, trained.found, larger)


def test_sliding_window_counts_rows(trained):
    """Where positions are row numbers, the window holds the newest rows."""
    window = rows.sliding(trained.found, 100)
    assert window.until - window.since == 100
    assert window.until == len(trained.found.load(None, None))
