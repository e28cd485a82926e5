"""The frozen anchor: a second comparison, against the best model ever released, so that small losses cannot add up.

Each release may lose a little against the one before it. Against the anchor, which moves only to a model that was
proven better, the losses of many releases are one loss, and meet the same limit (STATISTICS, "Model gate").
"""

from dataclasses import replace

from gatehouse.errors import EvidenceError
from gatehouse.gates import metrics, quality
from gatehouse.gates.quality import Knobs
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

NAME = "anchor"


def judge(truth: Truth, anchor: Predictions, candidate: Predictions, version: str, knobs: Knobs) -> Check:
    """Judge the candidate against the anchor, which is `version`, by the rule and the tolerance of the quality gate."""
    try:
        pair = metrics.compare(knobs.metric, truth, anchor, candidate, knobs.bootstraps, knobs.seed)
    except EvidenceError as error:
        return Check(NAME, Decision.ERROR, f"Against the anchor {version}: {error}", details={"metric": knobs.metric})
    check = quality.judge_pair(pair, knobs)
    low, high = pair.bounds(knobs.confidence)
    proven = {
        Decision.PROMOTE: f"proven to lose no more than {knobs.delta:g}",
        Decision.REJECT: f"proven to lose more than {knobs.delta:g}: small losses have added up",
        Decision.HOLD: f"not settled whether it loses more than {knobs.delta:g}; "
        f"{quality.settling(pair, knobs)} would settle it",
    }[check.decision]
    why = (
        f"Against the anchor {version}, the best version ever released, {pair.metric} is {pair.candidate:.4g} and "
        f"was {pair.champion:.4g}: {quality.moved(pair.delta)} ({low:+.4g} to {high:+.4g}), {proven}."
    )
    return replace(check, name=NAME, why=why, details={**check.details, "against": f"anchor {version}"})


def surpassed(truth: Truth, anchor: Predictions, champion: Predictions, knobs: Knobs) -> bool:
    """Tell whether these rows prove the champion better than the anchor: then it is the anchor from now on.

    A better point estimate would not do: the anchor would follow the champion down (`make calibrate` shows it).
    """
    try:
        pair = metrics.compare(knobs.metric, truth, anchor, champion, knobs.bootstraps, knobs.seed)
    except EvidenceError:
        return False
    return pair.bounds(knobs.confidence)[0] > 0
