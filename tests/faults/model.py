"""Faults of the model: answers that are no answers, and bundles that are not what was trained."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import answers
import numpy as np
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, broken, ruled
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import Bundle
from gatehouse.gates import parity, sanity
from gatehouse.gates.truth import Truth
from gatehouse.predictions import Predictions
from gatehouse.stages import check_model
from gatehouse.verdicts import Decision, Verdict

ERROR, REJECT = Decision.ERROR, Decision.REJECT


def alone(bundle: Callable[[Workshop], Bundle]) -> Judge:
    """Return what tries a bundle by itself."""
    return lambda shop: attempt("check_model", lambda: check_model.run(shop.crowned, shop.found, bundle(shop)))


def longer(folder: Path) -> None:
    """Add a byte to the model file."""
    (folder / bundles.MODEL).write_bytes((folder / bundles.MODEL).read_bytes() + b"!")


def sound(shop: Workshop) -> Bundle:
    """Return the good candidate."""
    return shop.candidate


def line(change: Callable[[LogisticRegression], Any]) -> Judge:
    """Return what tries a bundle whose fitted line between the classes was changed."""
    return alone(lambda shop: shop.altered(lambda pipeline: change(pipeline[-1])))


def emptied(model: LogisticRegression, value: float) -> None:
    """Give every coefficient one value."""
    model.coef_ = np.full_like(model.coef_, value)


def renamed(model: LogisticRegression) -> None:
    """Let the model know classes that no label has."""
    model.classes_ = np.array(["benign", "malignant"])


def opened(spoil: Callable[[Path], Any]) -> Judge:
    """Return what tries a copy of the good bundle after `spoil` has done its work in the folder."""

    def bundle(shop: Workshop) -> Bundle:
        folder = shop.copied(shop.candidate)
        spoil(folder)
        return bundles.read(folder)

    return alone(bundle)


def foreign_profile(folder: Path) -> None:
    """Put the reference profile of another model into a bundle."""
    profile = json.loads((folder / bundles.PROFILE).read_text())
    (folder / bundles.PROFILE).write_text(json.dumps({**profile, "rows": profile["rows"] + 1}))


def untrusted(shop: Workshop) -> Bundle:
    """Return a bundle whose pipeline holds a class of somebody's own."""
    estimator = bundles.load_model(shop.candidate).estimator
    return shop.written(make_pipeline(*estimator[:-1], Guess().fit(None, None)))


class Guess(LogisticRegression):
    """A class that is not scikit-learn's."""

    def fit(self, X: Any, y: Any) -> "Guess":
        """Learn nothing."""
        return self


def other_task(shop: Workshop) -> Bundle:
    """Return a bundle of a regression where a classifier belongs."""
    features, labels = shop.found.contract.frame(shop.split.training), shop.found.contract.labels(shop.split.training)
    return shop.written(Ridge().fit(features, labels.astype(float)))


def sane(change: Callable[[Predictions], Predictions] = lambda said: said) -> Judge:
    """Return what judges made-up answers as check_model's rule does."""

    def judge(shop: Workshop) -> Verdict:
        y, good, _ = answers.pair(np.random.default_rng(0), 2000)
        dummy = answers.binary(np.random.default_rng(1).random(2000) < 0.2)
        return ruled("check_model", *sanity.judge(answers.truth(y), change(good), dummy, "f1", sanity.Knobs()))

    return judge


def served(change: Callable[[Predictions], Predictions] = lambda said: said) -> Judge:
    """Return what compares the candidate's answers with those of a server that changed them."""
    return lambda shop: ruled("smoke_test", parity.judge(shop.answers, change(shop.answers), shop.crowned.parity))


def skewed(said: Predictions) -> Predictions:
    """Return answers that differ in the fourth digit, as other preprocessing makes them."""
    return Predictions(said.values, said.scores + 1e-4, said.classes)


def fewer(said: Predictions) -> Predictions:
    """Return the answers without the first one."""
    return said.take(np.arange(1, len(said)))


def flipped(said: Predictions) -> Predictions:
    """Return the answers with the two classes in each other's place."""
    return Predictions(said.values[::-1].copy(), said.scores, said.classes)


def relabelled(said: Predictions, label: str) -> Predictions:
    """Return answers of which the first is another label."""
    return Predictions(np.array([label, *said.values[1:]]), said.scores, said.classes)


def hollow(shop: Workshop) -> Bundle:
    """Return a bundle whose model file is none, and whose manifest has the right hash of it."""
    folder = shop.copied(shop.candidate)
    (folder / bundles.MODEL).write_bytes(b"no model")
    manifest = files.read_json(folder / bundles.MANIFEST, "manifest")
    manifest["files"][bundles.MODEL] = files.sha256(folder / bundles.MODEL)
    files.write_json(folder / bundles.MANIFEST, manifest)
    return bundles.read(folder)


def numbered(shop: Workshop, largest: float = 3.0) -> Verdict:
    """Judge a good regression, two answers of which are `largest`."""
    y = np.random.default_rng(0).normal(size=300)
    dummy, said = answers.numbers(np.zeros(300)), answers.numbers(np.where(np.arange(300) < 2, largest, y))
    return ruled("check_model", *sanity.judge(Truth(y, "regression"), said, dummy, "mse", sanity.Knobs()))


def huge(shop: Workshop) -> Verdict:
    """Judge a regression two answers of which cannot be squared."""
    return numbered(shop, 1e200)


ALONE = alone(sound)
SANE = sane()
SERVED = served()


def refusal(name: str, planted: str, check: str, says: str, bad: Judge, good: Judge | None = None) -> Fault:
    """Return a fault that check_model must reject."""
    return Fault(name, planted, "check_model", check, REJECT, says, bad, good or ALONE)


def unusable(name: str, planted: str, says: str, bad: Judge) -> Fault:
    """Return a fault of a bundle, on which no judgement is possible."""
    return Fault(name, planted, "check_model", "check_model", ERROR, says, bad, ALONE)


FAULTS = [
    refusal("NaN scores", "coefficients that are NaN", "answers are numbers", "NaN or infinite",
            line(lambda model: emptied(model, np.nan))),
    refusal("constant predictions", "coefficients that are all 0", "answers differ", "same answer to all",
            line(lambda model: emptied(model, 0.0))),
    refusal("unknown classes", "a model that knows other classes than the labels", "answers known classes",
            "the labels also hold 0, 1", line(renamed)),
    refusal("shuffled labels", "training on labels that belong to other rows", "beats a dummy", "not proven",
            alone(lambda shop: shop.ignorant)),
    refusal("rows without answer", "one answer fewer than rows", "answers every row", "1,999 answers to 2,000 rows",
            sane(fewer), SANE),
    refusal("an answer nobody knows", "an answer that is none of the model's classes", "answers known classes",
            "it answered maybe", sane(lambda said: relabelled(said, "maybe")), SANE),
    refusal("saved otherwise than trained", "coefficients that changed while the model was saved",
            "parity after loading", "not what was trained", line(lambda model: emptied(model, 0.5))),
    Fault("NaN metric", "numbers so large that their squares are infinite", "check_model", "beats a dummy", ERROR,
          "that is no evidence", huge, numbered),
    unusable("model of another task", "a regression where a classifier belongs", "needs an estimator with",
             alone(other_task)),
    unusable("untrusted code", "a class of somebody's own in the model file", "not scikit-learn's", alone(untrusted)),
    unusable("bundle tampered", "one byte more in the model file", "was changed after training",
             opened(longer)),
    unusable("bundle incomplete", "a bundle without its schema", "has no schema.json",
             opened(lambda folder: (folder / bundles.SCHEMA).unlink())),
    unusable("no bundle", "a bundle without its manifest", "no model bundle",
             opened(lambda folder: (folder / bundles.MANIFEST).unlink())),
    unusable("no model file", "bytes that are no model, with a manifest that agrees", "cannot be loaded",
             alone(hollow)),
    unusable("profile of another model", "the reference profile of another model in the bundle",
             "profile.json in the bundle", opened(foreign_profile)),
    Fault("training-serving skew", "served scores that differ in the fourth digit", "smoke_test", "parity", REJECT,
          "largest difference is 0.0001", served(skewed), SERVED),
    Fault("served labels flipped", "a server that mixes the classes up", "smoke_test", "parity", REJECT,
          "labels differ", served(flipped), SERVED),
    Fault("served NaN", "a server that answers NaN", "smoke_test", "parity", ERROR, "not a finite number",
          served(lambda said: broken(said, np.nan)), SERVED),
    Fault("served other rows", "a server that leaves a row out", "smoke_test", "parity", ERROR, "not the same rows",
          served(fewer), SERVED),
]  # fmt: skip
