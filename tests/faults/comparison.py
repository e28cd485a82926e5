"""Faults of the comparison: a candidate that is worse, and champions and rows that prove nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import answers
import numpy as np
import pandas as pd
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, broken, ruled, settings

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import Bundle
from gatehouse.config import Window
from gatehouse.gates import anchor, fairness, levels, quality, slices
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.stages import gate, train
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Decision, Verdict

ERROR, HOLD, REJECT = Decision.ERROR, Decision.HOLD, Decision.REJECT
Answers = Callable[[Predictions], Predictions]


def compared(bundle: Callable[[Workshop], Bundle], **sections: dict[str, object]) -> Judge:
    """Return what holds a bundle against the champion, under other settings where some are given."""

    def judge(shop: Workshop) -> Verdict:
        config = shop.crowned
        for section, values in sections.items():
            config = settings(config, section, **values)
        return attempt("gate", lambda: gate.run(config, shop.found, bundle(shop), shop.registry))

    return judge


def candidate(shop: Workshop) -> Bundle:
    """Return the good candidate."""
    return shop.candidate


def answered(champion: Answers = lambda said: said, other: Answers = lambda said: said) -> Judge:
    """Return what compares the candidate's answers with themselves, after changes of either side."""

    def judge(shop: Workshop) -> Verdict:
        config, said = shop.crowned, shop.answers
        return attempt(
            "gate", lambda: ruled("gate", *gate.judged(config, shop.found, shop.split, champion(said), other(said)))
        )

    return judge


def fewer(said: Predictions) -> Predictions:
    """Return the answers without the first one."""
    return said.take(np.arange(1, len(said)))


def on_rows(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> Judge:
    """Return what compares two good models on the holdout after a change of it."""

    def judge(shop: Workshop) -> Verdict:
        held = change(shop.split.holdout)
        rows: Rows = replace(shop.split, holdout=held)
        said = shop.answers.take(np.arange(len(held)))
        return attempt("gate", lambda: ruled("gate", *gate.judged(shop.crowned, shop.found, rows, said, said)))

    return judge


def floored(floor: float) -> Judge:
    """Return what judges the candidate's answers as a first model's, against a floor."""
    return lambda shop: ruled(
        "gate", *gate.judged(settings(shop.crowned, "gate", floor=floor), shop.found, shop.split, None, shop.answers)
    )


def paired(loss: float) -> Judge:
    """Return what compares made-up answers of which the candidate's F1 is worse by `loss`, on 20,000 rows."""

    def judge(shop: Workshop) -> Verdict:
        y, old, new = answers.pair(np.random.default_rng(0), 20_000, loss=loss)
        return ruled("gate", *quality.judge(answers.truth(y), old, new, quality.Knobs(metric="f1", delta=0.02)))

    return judge


def anchored(loss: float) -> Judge:
    """Return what holds made-up answers against those of the best model ever released, which are better by `loss`."""

    def judge(shop: Workshop) -> Verdict:
        y, best, new = answers.pair(np.random.default_rng(0), 20_000, loss=loss)
        return ruled("gate", anchor.judge(answers.truth(y), best, new, "1.0.0", quality.Knobs(metric="f1", delta=0.02)))

    return judge


def unsure(score: float) -> Judge:
    """Return what compares a model with itself, but that all its scores are near one half; log loss is a guard."""

    def judge(shop: Workshop) -> Verdict:
        y, old, _ = answers.pair(np.random.default_rng(0), 20_000)
        yes = old.values == answers.YES
        new = answers.binary(yes, np.where(yes, score, 1 - score))
        knobs = quality.Knobs(metric="f1", delta=0.02, guards={"log_loss": 0.01})
        return ruled("gate", *quality.judge(answers.truth(y), old, new, knobs))

    return judge


def sliced(lost: str) -> Judge:
    """Return what compares two models that differ in one country only: there every positive is lost.

    The country has 300 of 20,000 rows, so that the average hardly moves.
    """

    def judge(shop: Workshop) -> Verdict:
        y, old, _ = answers.pair(np.random.default_rng(0), 20_000)
        country = np.where(np.arange(len(y)) < 300, "LU", "DE")
        new = answers.binary((old.values == answers.YES) & (country != lost))
        truth = answers.truth(y)
        checks = quality.judge(truth, old, new, quality.Knobs(delta=0.02))
        checks += slices.judge({"country": country}, truth, old, new, slices.Knobs())
        return ruled("gate", *checks)

    return judge


def grouped(lost: float, alarms: float = 0.0, champion: bool = False, **knobs: Any) -> Judge:
    """Return what judges a model that loses some positives of women, and answers yes to some of their negatives.

    A fifth of 20,000 rows are women, who without that have the same service as men; the champion is fair.
    """

    def judge(shop: Workshop) -> Verdict:
        random = np.random.default_rng(0)
        y, old, new = answers.pair(random, 20_000)
        sex = levels.of("sex", np.where(np.arange(len(y)) % 5 == 0, "f", "m"), fairness.SECTION)
        change = random.random(len(y)) < np.where(y == answers.YES, lost, alarms)
        said = np.where(change & (sex.codes == 0), y != answers.YES, new.values == answers.YES)
        rules = fairness.Knobs(**knobs)
        checks = fairness.judge({"sex": sex}, answers.truth(y), old if champion else None, answers.binary(said), rules)
        return ruled("gate", *checks)

    return judge


def numbers(largest: float) -> Judge:
    """Return what compares two regressions, two answers of the second of which are `largest`."""

    def judge(shop: Workshop) -> Verdict:
        y = np.random.default_rng(0).normal(size=2000)
        old, new = answers.numbers(y + 0.1), answers.numbers(np.where(np.arange(2000) < 2, largest, y))
        return ruled("gate", *quality.judge(Truth(y, "regression"), old, new, quality.Knobs(metric="mse", delta=0.1)))

    return judge


def elsewhere(shop: Workshop) -> Bundle:
    """Return a bundle that was trained on rows that were corrected since."""
    found = replace(shop.found, load=lambda since, until: shop.rows.assign(**{"mean area": shop.rows["mean area"] + 1}))
    path = shop.new("bundle")
    train.run(shop.crowned, found, Window(), path)
    return bundles.read(path)


def resplit(shop: Workshop) -> Bundle:
    """Return a bundle that was trained with a smaller holdout: some rows that judge now have trained it."""
    path = shop.new("bundle")
    train.run(settings(shop.crowned, "holdout", share=0.1), shop.found, Window(), path)
    return bundles.read(path)


def other_champion(shop: Workshop) -> Verdict:
    """Gate against a champion whose stored bundle was replaced by another, sound one."""
    registry = shop.registry
    release = registry.champion()

    class Replaced:
        """A registry whose folder holds something else than its name says."""

        def champion(self) -> object:
            """Return the release whose folder was replaced."""
            return replace(release, location=str(shop.worse.path))

        def fetch(self, release: object) -> Bundle:
            """Fetch as the real one does."""
            return registry.fetch(release)

    return attempt("gate", lambda: gate.run(shop.crowned, shop.found, shop.candidate, Replaced()))


def narrowed(shop: Workshop) -> Verdict:
    """Gate a candidate whose data has lost a column that the champion needs."""
    lost = shop.found.contract.features[0].name
    columns = tuple(column for column in shop.found.contract.columns if column.name != lost)
    found = replace(
        shop.found,
        load=lambda since, until: shop.rows.drop(columns=lost),
        contract=replace(shop.found.contract, columns=columns),
    )
    path = shop.new("bundle")
    train.run(shop.crowned, found, Window(), path)
    return attempt("gate", lambda: gate.run(shop.crowned, found, bundles.read(path), shop.registry))


COMPARED = compared(candidate)
ANSWERED = answered()
ON_ROWS = on_rows()
PAIRED = paired(0.0)
FAIR = grouped(0.0, champion=True)


def refusal(
    name: str, planted: str, check: str, decision: Decision, says: str, bad: Judge, good: Judge, control: str = ""
) -> Fault:
    """Return a fault that the gate must refuse."""
    return Fault(name, planted, "gate", check, decision, says, bad, good, control)


def misdated(shop: Workshop) -> Bundle:
    """Return a bundle whose manifest names no window that can be read."""
    folder = shop.copied(shop.candidate)
    manifest = files.read_json(folder / bundles.MANIFEST, "manifest")
    manifest["data"]["since"] = "yesterday"
    files.write_json(folder / bundles.MANIFEST, manifest)
    return bundles.read(folder)


FAULTS = [
    refusal("worse model", "a model that was trained on shuffled labels", "quality", REJECT, "loses more than 0.1",
            compared(lambda shop: shop.worse), COMPARED),
    refusal("a little worse", "a loss of .06 of F1, where .02 is tolerated", "quality", REJECT, "loses more than 0.02",
            paired(0.06), PAIRED),
    refusal("small losses that add up", "a model that lost .06 of F1 against the best one ever released", "anchor",
            REJECT, "small losses have added up", anchored(0.06), anchored(0.0)),
    refusal("guard that is lost", "the champion's labels with scores that say nothing", "guard log_loss", REJECT,
            "loses more than 0.01", unsure(0.51), unsure(0.9)),
    refusal("first model too bad", "a first model that misses the floor", "quality", REJECT, "disproven",
            floored(1e-6), floored(0.5)),
    refusal("regressed slice", "all positives of one country lost, hidden by the average", "slice country=LU", REJECT,
            "recall went from", sliced("LU"), sliced("none")),
    refusal("group that is not found", "half of the positives of women lost, in a first model",
            "fairness sex: equalised odds", REJECT, "proven to be at least", grouped(0.5), FAIR),
    refusal("group with false alarms", "yes to a third of the negatives of women", "fairness sex: equalised odds",
            REJECT, "false-alarm rate is", grouped(0.0, alarms=0.35), FAIR),
    refusal("gap that grew", "a fifth of the positives of women lost, under a limit that lets any gap pass",
            "fairness sex: equalised odds, growth", REJECT, "it grew by",
            grouped(0.2, champion=True, equalised_odds=0.9), FAIR),
    refusal("groups too small to compare", "women of whom nobody is found, and too few of them to be judged",
            "fairness sex: equalised odds", HOLD, "Not judged: no two groups", grouped(1.0, minimum=20_000), FAIR),
    refusal("recall that is not compared", "too few positives among women, and many negatives, on which all is well",
            "fairness sex: equalised odds, recall", HOLD, "Not judged: no two groups", grouped(1.0, minimum=1000), FAIR,
            "fairness sex: equalised odds"),
    refusal("champion scored on other rows", "one answer of the champion missing", "gate", ERROR,
            "The champion answered 101 rows", answered(champion=fewer), ANSWERED),
    refusal("candidate scored on other rows", "one answer of the candidate missing", "gate", ERROR,
            "The candidate answered 101 rows", answered(other=fewer), ANSWERED),
    refusal("champion that answers NaN", "a champion whose scores are NaN", "quality", ERROR, "no finite numbers",
            answered(champion=lambda said: broken(said, np.nan)), ANSWERED),
    refusal("candidate that answers infinity", "a candidate whose scores are infinite", "quality", ERROR,
            "no finite numbers", answered(other=lambda said: broken(said, np.inf)), ANSWERED),
    refusal("answers of another task", "numbers where classes belong", "quality", ERROR, "a model for another task",
            answered(other=lambda said: answers.numbers(np.ones(len(said)))), ANSWERED),
    refusal("metric that is infinite", "errors too large to be squared", "quality", ERROR, "that is no evidence",
            numbers(1e200), numbers(0.0)),
    refusal("no rows to judge by", "a holdout of no rows", "quality", ERROR, "0 labelled rows",
            on_rows(lambda rows: rows.head(0)), ON_ROWS),
    refusal("one-class holdout", "a holdout without any malignant tumour", "quality", ERROR, "must hold two classes",
            on_rows(lambda rows: rows[rows["benign"] == 1]), ON_ROWS),
    refusal("unknown labels", "a holdout in which three labels are NaN", "quality", ERROR, "not known yet",
            on_rows(lambda rows: rows.assign(benign=rows["benign"].where(np.arange(len(rows)) > 2))), ON_ROWS),
    refusal("data changed after training", "a column that was corrected in between", "gate", ERROR,
            "the data changed in between", compared(elsewhere), COMPARED),
    refusal("training rows in the holdout", "a holdout that was made larger after training", "gate", ERROR,
            "trained on rows that would judge it", compared(resplit), COMPARED),
    refusal("unreadable window", "a manifest that names no window", "gate", ERROR, "neither a date",
            compared(misdated), COMPARED),
    refusal("another champion's bundle", "another bundle where the champion's should lie", "gate", ERROR,
            "was expected", other_champion, COMPARED),
    Fault("champion without its column", "data that has lost a column which the champion needs", "gate",
          "champion comparable", HOLD, "Not comparable", narrowed, COMPARED, "quality"),
]  # fmt: skip
