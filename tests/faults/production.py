"""Faults that show in production: logs that prove nothing, data that broke, and canaries that fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from canary import rollouts
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, ruled, settings

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.canary import evidence, machine
from gatehouse.canary import state as states
from gatehouse.canary.counters import CLASS, Counters
from gatehouse.canary.rescoring import Rescored
from gatehouse.canary.state import Phase
from gatehouse.config import Store
from gatehouse.drift.knobs import Knobs
from gatehouse.serving import prediction_log, requests, runtime
from gatehouse.serving.answers import Answered
from gatehouse.serving.recorder import Recorder
from gatehouse.stages import check_drift, rescoring
from gatehouse.verdicts import Check, Decision, Verdict

ERROR, HOLD, REJECT = Decision.ERROR, Decision.HOLD, Decision.REJECT
NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def same(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as they are."""
    return rows


def logged(
    rows: Callable[[pd.DataFrame], pd.DataFrame] = same,
    record: Callable[[dict[str, Any]], Any] = lambda record: None,
    by: Callable[[Bundle], Bundle] = lambda bundle: bundle,
    against: Callable[[Bundle], Bundle] = lambda bundle: bundle,
    windows: int = 1,
    state: str = "",
    **knobs: Any,
) -> Judge:
    """Return what checks windows of a log for drift, the last of which counts.

    The log holds `rows`, each as `record` changes it, answered by a bundle like the champion's; it is held `against`
    another one like that.
    """

    def judge(shop: Workshop) -> Verdict:
        champion, folder, store = shop.champion, shop.new("log"), shop.new("state")
        config = replace(shop.crowned, drift=Knobs(minimum_rows=100, **knobs), store=Store(state=str(store)))
        folder.mkdir()
        store.mkdir()
        if state:
            (store / check_drift.WINDOWS).write_text(state)
        for number in range(windows):
            serve(folder, by(champion), rows(shop.rows), NOON + number * HOUR, record)
        hours = [NOON + number * HOUR for number in range(windows)]
        run = [
            lambda at=at: check_drift.run(config, shop.found, against(champion), folder, at, at + HOUR) for at in hours
        ]
        for earlier in run[:-1]:
            earlier()
        return attempt("check_drift", run[-1])

    return judge


def serve(folder: Path, bundle: Bundle, rows: pd.DataFrame, when: datetime, record: Callable[[Any], Any]) -> None:
    """Write the log of a server that is asked for rows, if there are any."""
    if rows.empty:
        return
    batch = requests.reader(bundle.contract, 10_000).read(
        json.dumps({"rows": requests.payload(rows, bundle.contract)}).encode()
    )
    answers = bundles.load_model(bundle).predict(rows)
    told = Answered("r1", batch, answers.values.tolist(), prediction_log.scores(answers))
    lines = Recorder(bundle).records(prediction_log.stamp(when), told, range(len(answers)))
    changed = [record(line) or line for line in lines]
    text = (line if isinstance(line, str) else json.dumps(line) for line in changed)
    (folder / f"{when:%Y%m%dT%H%M%S}-1-a-0001.jsonl").write_text("\n".join(text) + "\n")


def emptied(record: dict[str, Any]) -> None:
    """Log no value of one feature."""
    record["features"]["mean radius"] = None


def lost(record: dict[str, Any]) -> None:
    """Log one feature less."""
    del record["features"]["mean radius"]


def infinite(record: dict[str, Any]) -> None:
    """Log scores that are NaN, as Python's own JSON writes them."""
    record["scores"] = dict.fromkeys(record["scores"], float("nan"))


def swapped(record: dict[str, Any]) -> None:
    """Log the answer of a server that takes each of two classes for the other."""
    record["scores"] = dict(zip(record["scores"], reversed(record["scores"].values()), strict=True))
    record["prediction"] = max(record["scores"], key=lambda name: record["scores"][name])


def moved(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of which one feature grew."""
    return rows.assign(**{"mean radius": rows["mean radius"] * 1.3})


def another(bundle: Bundle) -> Bundle:
    """Return a bundle of the same version that is another one."""
    return replace(bundle, digest="0" * 64)


def profiled(change: Callable[[dict[str, Any]], Any]) -> Callable[[Bundle], Bundle]:
    """Return what gives a bundle with a changed reference profile."""

    def changed(bundle: Bundle) -> Bundle:
        profile = json.loads(json.dumps(bundle.profile))
        return replace(bundle, profile=change(profile) or profile)

    return changed


def narrowed(profile: dict[str, Any]) -> None:
    """Take a feature out of a reference profile."""
    del profile["features"]["mean radius"]


def counted(**counters: Any) -> Judge:
    """Return what judges a canary by what the router counted, 200 of 1,000 answers of which are a little slow."""
    base = {"requests": 1000, "latency": {100.0: 980, 200.0: 1000}}
    return lambda shop: attempt(
        "rollout", lambda: ruled("rollout", *evidence.judge(Counters(**{**base, **counters}), evidence.Knobs()))
    )


def ticked(weight: int, yes: int = 20, rescored: Callable[[Workshop], Rescored] = lambda shop: Rescored()) -> Judge:
    """Return what ticks a rollout whose router gives the canary this weight, and says how the rollout stands.

    Of 100 rows, stable's 20 are yes, and so many of the canary's. `rescored` is what was found of its logged answers.
    """

    def judge(shop: Workshop) -> Verdict:
        blue, green = (
            Counters(300, 0, 0, {100.0: 300, 200.0: 300}, 0, {CLASS: {"no": 300 - 3 * n, "yes": 3 * n}})
            for n in (20, yes)
        )
        seen, rules = {"blue": blue, "green": green}, (rollouts.STEPS, rollouts.LIMITS, rollouts.BESIDE)
        state = replace(rollouts.baking(), rescored=rescored(shop))
        state, checks = machine.decide(state, seen, {"blue": 95, "green": weight}, 20.0, *rules)
        decision = REJECT if state.phase == Phase.ROLLED_BACK else Decision.PROMOTE
        return ruled("rollout", Check("rollout", decision, state.history[-1].why), *checks)

    return judge


def served(record: Callable[[dict[str, Any]], Any] = lambda record: None) -> Judge:
    """Return what ticks a rollout of the candidate, whose servers log each answer as `record` changes it."""

    def rescored(shop: Workshop) -> Rescored:
        folder = shop.new("log")
        folder.mkdir()
        serve(folder, shop.candidate, shop.rows, NOON, record)
        config = settings(shop.crowned, "store", log=str(folder))
        return rescoring.scored(shop.candidate, runtime.load(shop.candidate), config, NOON, {})

    return ticked(5, rescored=rescored)


def routed(share: float) -> Judge:
    """Return what looks at a router for a minute that was told to send the canary 5 %, and sends it this share."""

    def judge(shop: Workshop) -> Verdict:
        state, weights = rollouts.baking(), {"blue": 95, "green": 5}
        steps = replace(rollouts.STEPS, bake_seconds=120.0, step_budget_seconds=600.0)
        for look in range(1, 7):
            seen = {
                slot: rollouts.counted(rollouts.NOTHING, rollouts.Seconds(10, round(look * 1000 * part)))
                for slot, part in (("blue", 1 - share), ("green", share))
            }
            state, checks = machine.decide(state, seen, weights, 10.0 * look, steps, rollouts.LIMITS, rollouts.BESIDE)
        return ruled("rollout", *checks)

    return judge


def remembered(text: Callable[[str], str] = lambda text: text) -> Judge:
    """Return what reads a rollout's state back."""

    def judge(shop: Workshop) -> Verdict:
        states.from_json(text(states.to_json(rollouts.baking())))
        return ruled("rollout", Check("rollout", Decision.PROMOTE, "Read."))

    return lambda shop: attempt("rollout", lambda: judge(shop))


CALM = logged()
COUNTED = counted()


def drifted(name: str, planted: str, check: str, decision: Decision, says: str, bad: Judge) -> Fault:
    """Return a fault that the drift check must refuse."""
    return Fault(name, planted, "check_drift", check, decision, says, bad, CALM)


def canary(name: str, planted: str, check: str, decision: Decision, says: str, bad: Judge) -> Fault:
    """Return a fault of a canary that the rollout must refuse."""
    return Fault(name, planted, "rollout", check, decision, says, bad, COUNTED)


FAULTS = [
    drifted("window of NaN", "a feature of which every value is missing", "broken data", REJECT,
            "mean radius (all missing", logged(record=emptied, rows=same)),
    drifted("feature not logged", "a feature that servers log no more", "broken data", REJECT,
            "mean radius (all missing", logged(record=lost)),
    drifted("drift that stays", "a feature that grew, in two windows", "feature drift", REJECT, "mean radius",
            logged(moved, windows=2)),
    drifted("scores that are NaN", "answers of which no number is finite", "check_drift", ERROR, "no finite numbers",
            logged(record=infinite)),
    Fault("performance lost", "labels that prove the model to be below its floor", "check_drift", "performance",
          REJECT, "it misses the floor", logged(performance_floor=1e-6), logged(performance_floor=0.5)),
    drifted("empty log", "a log without any prediction", "window size", HOLD, "0 rows",
            logged(lambda rows: rows.head(0))),
    drifted("too few predictions", "fifty predictions, where a hundred are needed", "window size", HOLD, "50 rows",
            logged(lambda rows: rows.head(50))),
    drifted("no log", "a folder that is not there", "check_drift", ERROR, "no prediction log",
            lambda shop: attempt("check_drift", lambda: check_drift.run(
                shop.crowned, shop.found, shop.champion, shop.new("log")))),
    drifted("broken log", "a log of half lines", "check_drift", ERROR, "broken lines",
            logged(record=lambda record: json.dumps(record)[:40])),
    drifted("log of another model", "predictions of a bundle that was rolled back, under the same version",
            "check_drift", ERROR, "none of them by the champion", logged(by=another)),
    drifted("reference of another schema", "a reference profile without one of the features", "check_drift", ERROR,
            "another model's", logged(against=profiled(narrowed))),
    drifted("reference of another task", "a reference profile of a regression", "check_drift", ERROR,
            "not of a binary task", logged(against=profiled(lambda profile: {**profile, "outputs": {}}))),
    drifted("no reference", "a bundle without a reference profile", "check_drift", ERROR, "no reference profile",
            logged(against=profiled(lambda profile: {"format": 1}))),
    drifted("broken memory", "a list of earlier windows that ends in the middle", "check_drift", ERROR, "is broken",
            logged(state='{"bundle": "')),
    drifted("persistence of nothing", "four of the last three windows asked for", "check_drift", ERROR,
            "more than windows", logged(persistent=4)),
    canary("canary that answers nothing", "every request fails", "canary answers", REJECT, "answered none",
           counted(errors=1000)),
    canary("canary that refuses", "every request is refused as wrong (4xx)", "canary answers", HOLD, "refused 1000",
           counted(refused=1000)),
    canary("canary without traffic", "no request reached it", "canary answers", HOLD, "has shown nothing",
           counted(requests=0, latency={})),
    canary("errors above the ceiling", "one request in ten fails", "canary errors", REJECT, "above the limit",
           counted(errors=100)),
    canary("slow canary", "one answer in ten takes more than 200 ms", "canary latency", REJECT, "above the limit",
           counted(latency={100.0: 800, 200.0: 900})),
    canary("latency that was not counted", "a router without the bucket of the limit", "rollout", ERROR,
           "no edge of the router's buckets", counted(latency={100.0: 1000})),
    Fault("traffic taken away", "somebody set the canary's weight to 0", "rollout", "rollout", REJECT,
          "took its traffic away", ticked(0), ticked(5)),
    Fault("swapped classes", "a canary that says yes for no", "rollout", "predicted class beside stable", REJECT,
          "differs from stable's by a PSI of", ticked(5, yes=80), ticked(5)),
    Fault("server of another model", "servers that take each class for the other, and their bundle does not", "rollout",
          "logged answers", REJECT, "What serves is not what its gate let through", served(swapped), served()),
    Fault("router past its weights", "the canary gets 15 % of the requests, and 5 % were set", "rollout",
          "traffic split", ERROR, "and 5% were set", routed(0.15), routed(0.05)),
    Fault("broken state of a rollout", "a state that ends in the middle", "rollout", "rollout", ERROR,
          "cannot be read", remembered(lambda text: text[:60]), remembered()),
]  # fmt: skip
