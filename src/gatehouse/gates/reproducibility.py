"""Reproducibility: the same code, data and seed give the same predictions, or it is said what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatehouse.verdicts import Check, Decision

NAME = "reproducible"
# Groups of a manifest that hold what surrounded a training; what an older one did not record is left out.
GROUPS = ("libraries", "environment", "parameters")
# In a sentence; the table has all of them.
MOST_SAID = 6
SPLIT = "the split of the rows"

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Training:
    """An earlier training: what to call it in a sentence, and the manifest of its bundle."""

    name: str
    manifest: Manifest


def judge(now: Manifest, earlier: Sequence[Training]) -> Check:
    """Compare a training with the newest earlier one that had the same code, data, split and seed.

    The check is advisory: which of two models is good is for the gate to say, and other sums on another machine are
    no fault of the model. It holds where the same went in and something else came out.
    """
    if not earlier:
        return _said("There is no earlier training to compare with.")
    same = [training for training in earlier if not inputs_differing(training.manifest, now)]
    if not same:
        last = max(earlier, key=_age)
        changed = " and ".join(inputs_differing(last.manifest, now))
        return _said(f"There is nothing to compare: {changed} changed since {last.name}, the newest that was found.")
    last = max(same, key=_age)
    went_in = f"{last.name} was trained with the same code, data and seed"
    if last.manifest.get("predictions") == now["predictions"]:
        return _said(f"Reproduced: {went_in}, and gives the same predictions, bit by bit.", compared=last.name)
    found = differences(last.manifest, now)
    close = last.manifest.get("predictions_rounded") == now.get("predictions_rounded") is not None
    why = f"Not reproduced: {went_in}, and gives other predictions{_how_far(close)}. {_named(found)}"
    rows = [{"what": what, "earlier": old, "now": new} for what, (old, new) in found.items()]
    details = {"compared": last.name, "agrees_to_four_digits": close, "tables": {"What differs": rows}}
    return Check(NAME, Decision.HOLD, why, advisory=True, details=details)


def inputs_differing(earlier: Manifest, now: Manifest) -> list[str]:
    """Name what went into one training and not into the other: code, data, seed, or the split of the rows."""
    old, new = _inputs(earlier), _inputs(now)
    found = [name for name, value in new.items() if old[name] != value]
    # Other data is split otherwise in any case.
    return [name for name in found if name != SPLIT or "the data" not in found]


def differences(earlier: Manifest, now: Manifest) -> dict[str, tuple[Any, Any]]:
    """Return all that was recorded of both trainings and is not the same: its name, then both values."""
    old, new = {"commit": earlier.get("commit")}, {"commit": now.get("commit")}
    for group in GROUPS:
        if group in earlier and group in now:
            old |= earlier[group]
            new |= now[group]
    names = dict.fromkeys([*old, *new])
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _inputs(manifest: Manifest) -> dict[str, Any]:
    data = manifest.get("data", {})
    return {
        "the code": manifest.get("code"),
        "the data": data.get("hash"),
        "the seed": manifest.get("seed"),
        SPLIT: (data.get("holdout_hash"), data.get("training_rows")),
    }


def _age(training: Training) -> str:
    return str(training.manifest.get("created_at", ""))


def _said(why: str, **details: Any) -> Check:
    return Check(NAME, Decision.PROMOTE, why, advisory=True, details=details)


def _how_far(close: bool) -> str:
    return ", which agree to four digits: the same sums in another order" if close else ""


def _named(found: Mapping[str, Any]) -> str:
    if not found:
        return (
            "Nothing that was recorded differs: look for a part of the estimator without a random_state, or for one "
            "that depends on the time, on other files, or on the order of a set."
        )
    more = f" and {len(found) - MOST_SAID} more" if len(found) > MOST_SAID else ""
    return f"What was recorded and differs: {', '.join(list(found)[:MOST_SAID])}{more}."
