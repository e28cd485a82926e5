"""Faults of leakage: what a model could know in training that it will not know when it serves."""

from collections.abc import Callable
from dataclasses import replace

import answers
import leaks
import numpy as np
import pandas as pd
from faults.fault import Fault, Judge
from faults.workshop import Workshop, ruled

from gatehouse.config import Config, Window
from gatehouse.contract import Column, Contract
from gatehouse.gates import loosening, metrics, overlap, post_event, shuffled, time_order
from gatehouse.stages import check_leakage
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Decision, Verdict

HOLD, REJECT = Decision.HOLD, Decision.REJECT
STEP = "check_leakage"
CLEAN = leaks.clean(n=2000)
LATE = pd.Timestamp(leaks.END)
LEAK = Column("leak", "number")
NOISE = np.random.default_rng(1).normal(size=len(CLEAN))
RARE = np.arange(len(CLEAN)) % 40 == 0
UP = (CLEAN["y"] == "yes").to_numpy()


def columns(values: np.ndarray = NOISE, *, label: np.ndarray = UP, later: bool = False) -> Judge:
    """Return what looks at every column of clean rows and of one more, whose values are given.

    `label` says which rows are positive; `later` adds a post-event column that is noise.
    """

    def judge(shop: Workshop) -> Verdict:
        rows, contract = leaks.planted(CLEAN.assign(y=np.where(label, "yes", "no")), values)
        if later:
            rows = rows.assign(after=NOISE)
            contract = replace(contract, columns=(*contract.columns, leaks.later("after")))
        split = Rows(*leaks.sides(rows, contract), "", "", Window())
        return ruled(STEP, *check_leakage.column_checks(split, contract, leaks.KNOBS))

    return judge


def sides(change: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame] = lambda training, judging: judging) -> Judge:
    """Return what compares the rows that train with those that judge, after a change of the latter."""

    def judge(shop: Workshop) -> Verdict:
        training, judging = leaks.sides(CLEAN)
        changed = change(training, judging)
        checks = overlap.judge(training, changed, leaks.contract(), leaks.KNOBS)
        checks += time_order.judge(training, changed, leaks.contract(), leaks.DAY.date(), leaks.END, leaks.KNOBS)
        return ruled(STEP, *checks)

    return judge


def copied(training: pd.DataFrame, judging: pd.DataFrame) -> pd.DataFrame:
    """Put training rows into the holdout, under names of their own."""
    copies = training.iloc[-60:]
    names = [f"new {number}" for number in range(len(copies))]
    return pd.concat([judging, copies.assign(id=names, customer=names)])


def used(now: Contract) -> Judge:
    """Return what holds a bundle with a feature `leak` against the schema of today."""
    bundle = leaks.contract("binary", LEAK)
    return lambda shop: ruled(STEP, post_event.used(bundle, now))


def tried(knowing: float) -> Judge:
    """Return what judges five trainings on shuffled labels, whose scores know the true ones by so much."""

    def judge(shop: Workshop) -> Verdict:
        truth, pairs = answers.truth(CLEAN["y"].to_numpy(dtype=str)), []
        for seed in range(5):
            said = answers.scored(np.random.default_rng(seed).uniform(0.2, 0.4, len(UP)) + knowing * UP)
            pairs.append(metrics.compare("brier", truth, shuffled.mean_answer(said), said))
        return ruled(STEP, shuffled.judge(pairs, leaks.KNOBS))

    return judge


def loosened(delta: float) -> Judge:
    """Return what compares settings of a tolerance of .02 with others."""

    def judge(shop: Workshop) -> Verdict:
        found = loosening.changes({"gate": {"delta": 0.02}}, {"gate": {"delta": delta}}, Config, True)
        return ruled("check_settings", *loosening.judge(found, {}, {}))

    return judge


def leak(name: str, planted: str, check: str, says: str, bad: Judge, good: Judge, decision: Decision = REJECT) -> Fault:
    """Return a fault that the check for leaks must refuse."""
    return Fault(name, planted, STEP, check, decision, says, bad, good)


COLUMNS, COPIES, SIDES = columns(), columns(NOISE[::-1], later=True), sides()
STRONGEST, GAPS = "strongest single feature", "missing or constant by label"

FAULTS = [
    leak("label leaked into a feature", "a feature that is the label", STRONGEST, "'leak' gives the label away",
         columns(UP * 1.0), COLUMNS),
    leak("label under noise", "a feature that is the label and a little noise", STRONGEST, "gives the label away",
         columns(UP + 1e-6 * NOISE), COLUMNS),
    leak("label of few rows", "a copy of the label, which 40 positives cannot prove", STRONGEST, "too few to prove it",
         columns(RARE * 1.0, label=RARE), COLUMNS, HOLD),
    leak("missing where the label is", "a feature that is missing exactly where the label is yes", GAPS,
         "'leak' is missing in", columns(np.where(UP, np.nan, NOISE)), COLUMNS),
    leak("constant where the label is", "a feature that is one number exactly where the label is yes", GAPS,
         "'leak' is '0.5' in", columns(np.where(UP, 0.5, NOISE)), COLUMNS),
    leak("copy of a post-event column", "a feature that is a post-event column, turned and stretched",
         "copies of post-event columns", "nearly a copy of 'after'", columns(1 - 3 * NOISE, later=True), COPIES),
    leak("post-event feature", "a bundle with a feature that was declared post-event since", "features of the bundle",
         "'leak' (post-event)", used(leaks.contract("binary", leaks.later())), used(leaks.contract("binary", LEAK))),
    leak("train rows in the holdout", "60 training rows under new names", "duplicate rows", "rows were copied",
         sides(copied), SIDES),
    leak("ids on both sides", "held-out rows that have the ids of training rows", "shared id", "an id of its own",
         sides(lambda training, judging: judging.assign(id=training["id"].iloc[0])), SIDES),
    leak("groups on both sides", "new rows of customers that trained", "shared group", "Split by the group",
         sides(lambda training, judging: judging.assign(customer=training["customer"].iloc[0])), SIDES),
    leak("past that judges", "a holdout a year older than the rows that train", "order of time", "judged on the past",
         sides(lambda training, judging: judging.assign(at=judging["at"] - pd.Timedelta("365D"))), SIDES),
    leak("labels of the future", "labels that became known after the window's end", "labels of the future",
         "became known on or after", sides(lambda training, judging: judging.assign(known_on=LATE)), SIDES),
    leak("labels by another way", "five trainings on shuffled labels that know the true ones", "shuffled labels",
         "it knows labels", tried(0.3), tried(0.0)),
    Fault("weakened threshold", "a tolerance of .05 where it was .02", "check_settings", "loosened [gate] delta", HOLD,
          "goes from 0.02 to 0.05", loosened(0.05), loosened(0.01), "settings"),
]  # fmt: skip
