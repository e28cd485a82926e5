"""What to do now: the step after a verdict, for whoever reads it and has not seen the project before.

What stands between backticks is to be typed.
"""

from gatehouse.report import gap_table, metric_table, slice_table, wording
from gatehouse.verdicts import Decision, Verdict

APPROVE = (
    "Nothing is broken, and nothing goes on by itself. Add labelled rows until it is settled, or approve this model: "
    '`scripts/approve.py build/verdicts/gate.json --reason "..."`, or on GitHub: Actions, release, Run workflow, with '
    "the number of the release's run and a reason. In a pull request nothing waits for it: the release judges again."
)
RECOMMENDED = (
    "Approving is recommended where both the loss that was measured and the largest one that these rows leave open "
    "are small: `recommend_point` and `recommend_lower` in gatehouse.toml."
)
WORSE = (
    "This model goes no further, and nobody can approve it. It is proven to be worse, so that more rows would not "
    "help: compare its features, parameters and training rows with the champion's."
)
SLICE = (
    "This model goes no further, and nobody can approve it: an average hides what is lost on one slice. Look at the "
    "rows of that slice; more of them to train on, or a feature that tells them apart, is what usually helps."
)
GAP = (
    "This model goes no further, and nobody can approve it: one group has a service that another has not. Look at the "
    "rows and labels of the groups that are named; more rows to train on of the one that loses, or a feature that "
    "helps there, is what usually narrows the gap."
)
FLOOR = (
    "This model goes no further, and nobody can approve it. It is proven to miss what even a first model must reach: "
    "give it better features or more rows to train on."
)
# What a `reject` asks for, by the step that says it.
REFUSED = {
    "validate_data": "Mend these rows where they come from; if the world has changed, mend the workload's schema.",
    "check_model": "This model is not compared with any other. Mend the workload's model or its data, and train again.",
    "check_drift": "Look at what moved. A retrained model passes the same gates as every other: `scripts/retrain.py`.",
    "rollout": "The version from before has all traffic. Look at what the candidate answered, and mend it.",
}


def next_step(verdict: Verdict) -> str:
    """Return what to do now, in a sentence or two; nothing after a `promote`.

    A step may know better: what stands under "next" in the verdict's details is said instead.
    """
    own = verdict.details.get("next")
    if isinstance(own, str) and own:
        return own
    if verdict.decision == Decision.ERROR:
        return (
            f"No judgement was possible, and so nothing goes on. Mend what is named, and run {script(verdict)} again."
        )
    if verdict.decision == Decision.HOLD:
        return held(verdict)
    return refused(verdict) if verdict.decision == Decision.REJECT else ""


def held(verdict: Verdict) -> str:
    """Return how a person lets go on what nothing proves, and what a recommendation means."""
    if verdict.step != "gate":
        return "Nothing is wrong, nothing is proven, and nothing goes on by itself."
    advised = any("recommended" in check.details for check in verdict.checks if check.decision == Decision.HOLD)
    return f"{APPROVE} {RECOMMENDED}" if advised else APPROVE


def refused(verdict: Verdict) -> str:
    """Return what helps after a `reject`: a model's, by the check that decided, or else the step's."""
    decided = next(check for check in verdict.checks if not check.advisory and check.decision == verdict.decision)
    if slice_table.fits(decided) or slice_table.sums_up(decided):
        return SLICE
    if gap_table.about(decided):
        return GAP
    if verdict.step == "gate" and metric_table.fits(decided):
        return FLOOR if decided.details.get("delta") is None else WORSE
    return REFUSED.get(verdict.step, f"Mend what is named, and run {script(verdict)} again.")


def script(verdict: Verdict) -> str:
    """Return the command of a verdict's step."""
    return f"`scripts/{wording.clean(verdict.step)}.py`"


def others(verdict: Verdict) -> str:
    """Name the other checks that came to the same decision as the one that is quoted; nothing after a `promote`."""
    deciding = [check for check in verdict.checks if not check.advisory and check.decision == verdict.decision]
    summed = any(map(slice_table.sums_up, deciding))
    same = [check.name for check in deciding[1:] if not (summed and slice_table.fits(check))]
    if verdict.decision == Decision.PROMOTE or not same:
        return ""
    shown = ", ".join(map(wording.clean, same[:3])) + (f" and {len(same) - 3} more" if len(same) > 3 else "")
    return f"{len(same)} more {'checks say' if len(same) > 1 else 'check says'} the same: {shown}."
