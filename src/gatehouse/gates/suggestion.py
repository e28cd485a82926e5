"""What to judge by instead, where a metric of labels does not settle a comparison and log loss would with fewer rows.

Labels forget how sure a model was. On calibrated scores log loss sees it, and carries about twice the signal of F1 per
row where one row in ten is positive.
"""

from dataclasses import dataclass

import numpy as np

from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics, probability_metrics
from gatehouse.gates.metrics import Comparison
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions

INSTEAD = "log_loss"
# Scores are taken for calibrated when Spiegelhalter's z shows no fault at 95 %, two-sided, or one that is too small to
# matter: on many rows every model is found out, and a Brier score 10 % off costs log loss less than 1 %.
SIGNIFICANT, LARGE = 1.96, 0.1
# Below it the gain is within what its own estimate is off.
WORTHWHILE = 1.25
# The share of rows on which a model is blinded to see what a loss of knowledge costs in either metric.
BLINDED, MOST_ROUNDS, MOST_ROWS = 0.2, 20, 40_000


@dataclass(frozen=True)
class Suggestion:
    """Log loss with the tolerance `delta`, `signal` times that of the present metric per row, settled by `rows`."""

    delta: float
    signal: float
    rows: int

    def sentence(self, metric: str, unit: str) -> str:
        """Return the suggestion in words."""
        return (
            f"Both models' scores are calibrated, and {INSTEAD} carries {self.signal:.1f} times the signal per row: "
            f'with metric = "{INSTEAD}" and delta = {self.delta:.2g}, which is as much knowledge lost, and {metric} as '
            f"a guard, {self.rows:,} {unit} prove enough of an equal model."
        )


def find(
    pair: Comparison, truth: Truth, champion: Predictions, candidate: Predictions, delta: float, confidence: float
) -> Suggestion | None:
    """Return what would settle an undecided comparison sooner, or None where nothing would.

    It fits where the metric is of labels, both models are calibrated, and log loss shows a loss of the same size with
    fewer rows. The same size: what either metric loses when the champion knows nothing of some rows.
    """
    if not metrics.find(pair.metric, truth.task, truth.own).of_labels:
        return None
    if not (calibrated(truth, champion) and calibrated(truth, candidate)):
        return None
    try:
        other = metrics.compare(INSTEAD, truth, champion, candidate)
        cost, instead = (cost_of_blindness(name, truth, champion) for name in (pair.metric, INSTEAD))
    except EvidenceError:
        return None
    if cost <= 0 or instead <= 0 or other.resolution(confidence) == 0:
        return None
    same = delta * instead / cost
    signal = (same / other.resolution(confidence)) / (delta / pair.resolution(confidence))
    rows = other.rows_to_settle(confidence, same)
    return Suggestion(same, signal, rows) if rows and signal >= WORTHWHILE else None


def calibrated(truth: Truth, predictions: Predictions) -> bool:
    """Tell whether scores are as good as true probabilities, by Spiegelhalter's z (1986) and its effect's size.

    Both are about the Brier score: 1 - Σp² on a row is what true probabilities p would make of it on average, and
    1 - 2p + Σp², with the p of the class that came, is what it is. For two classes the z of the difference is his
    Σ(y - p)(1 - 2p) / √Σ(1 - 2p)²p(1 - p).
    """
    p = predictions.scores
    square = np.square(p).sum(axis=1)
    apart = float((probability_metrics.of_true_class(truth, predictions) - square).sum())
    promised = float((1 - square).sum())
    spread = float(np.sqrt((np.power(p, 3).sum(axis=1) - square**2).clip(0).sum()))
    return abs(apart) <= SIGNIFICANT * spread or abs(2 * apart) <= LARGE * (promised - 2 * apart)


def cost_of_blindness(name: str, truth: Truth, model: Predictions) -> float:
    """Return what the metric loses when the model answers a share of the rows, drawn by a fixed seed, by the rates."""
    random, metric = np.random.default_rng(0), metrics.find(name, truth.task, truth.own)
    rounds = max(1, min(MOST_ROUNDS, MOST_ROWS // len(truth)))
    seen = metric.rule(truth, model).value
    blind = [metric.rule(truth, blinded(truth, model, random)).value for _ in range(rounds)]
    return float(seen - np.mean(blind)) * (1 if metric.higher_is_better else -1)


def blinded(truth: Truth, model: Predictions, random: np.random.Generator) -> Predictions:
    """Return the model as it were if it knew of a share of the rows no more than how frequent each class is."""
    rates = np.array([float((truth.y == label).mean()) for label in model.classes])
    chosen = random.random(len(truth)) < BLINDED
    values = np.where(chosen, np.array(model.classes)[rates.argmax()], model.values)
    return Predictions(values, np.where(chosen[:, None], rates, model.scores), model.classes)
