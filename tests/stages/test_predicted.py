"""What two models predict of the same rows, in the bins in which servers count."""

import numpy as np
import tumours

from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.canary.shadow import DISAGREEMENT
from gatehouse.predictions import Predictions
from gatehouse.serving import runtime
from gatehouse.serving.metrics import Metrics, value_edges
from gatehouse.stages import predicted
from gatehouse.targets import server_metrics


def test_bins_are_the_servers(bundle):
    """The gate counts as the server does, to the row: or the two indices would not be of the same thing."""
    answers = runtime.load(bundle).predict_table(tumours.rows())
    metrics = Metrics(bundle)
    before = server_metrics.predictions(metrics.text().decode())
    metrics.predicted(answers)
    live = server_metrics.predictions(metrics.text().decode())
    assert before[CLASS] == {}
    assert predicted.counts(answers, value_edges(bundle), bundle.contract.positive) == live


def test_swapped_classes_are_far_apart(bundle):
    """The same model with its labels exchanged differs in both outputs; from itself it does not."""
    answers = runtime.load(bundle).predict_table(tumours.rows())
    swapped = Predictions(np.where(answers.values == "yes", "no", "yes"), answers.scores[:, ::-1], answers.classes)
    assert predicted.difference(answers, answers, bundle) == {CLASS: 0.0, VALUE: 0.0, DISAGREEMENT: 0.0}
    found = predicted.difference(answers, swapped, bundle) or {}
    assert min(found.values()) > 0.2
    assert found[DISAGREEMENT] == 1.0
    assert predicted.difference(None, answers, bundle) is None


def test_numbers_are_counted():
    """A regression has its values in bins, the ends of which are open; an edge lies in the bin below it."""
    answers = Predictions(np.array([-5.0, 1.0, 1.5, 99.0]), np.empty((0, 0)))
    assert predicted.counts(answers, (1.0, 2.0), None) == {VALUE: {"1.0": 2, "2.0": 1, "+Inf": 1}}
