"""The leakage check: good workloads of every task pass, and each planted leak is refused by its own check."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.config import Config, Store, Window, Workload
from gatehouse.contract import Column
from gatehouse.errors import EvidenceError
from gatehouse.gates import quality
from gatehouse.registry import connect
from gatehouse.stages import check_leakage, train
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Decision


def judged(own, bundle=None, found=None, config=None):
    """Look for leaks, and return the verdict."""
    config = config or own.config
    return check_leakage.run(config, found or own.found, bundle or own.bundle, connect(config))


def check(verdict, name):
    """Return the check of this name."""
    return next(item for item in verdict.checks if item.name == name)


def with_column(found, values, column=None):
    """Return the workload with one column more, made of its rows."""

    def load(since, until):
        rows = found.load(None, None)
        return rows.assign(leak=values(rows)).iloc[since:until]

    column = column or Column("leak", "number", maximum_missing=1.0)
    contract = replace(found.contract, columns=(*found.contract.columns, column))
    return replace(found, load=load, contract=contract, build=trees)


def trees():
    """Return an estimator that takes gaps."""
    return HistGradientBoostingClassifier(max_iter=10, random_state=0)


def trained_on(own, found, path, config=None, until=None):
    """Train a bundle and open it."""
    train.run(config or own.config, found, Window(until=until), path)
    return bundles.read(path)


def crown(config, bundle):
    """Make a bundle the champion."""
    registry = connect(config)
    registry.promote(registry.register(bundle), "for the test")


@pytest.mark.parametrize(("task", "metric"), [("multiclass", "accuracy"), ("regression", "mae")])
def test_good_workload_promotes(task, metric, tmp_path):
    """Clean data of other tasks passes as well."""
    config = Config(
        workload=Workload(package=f"workloads.sklearn_{task}"),
        gate=quality.Knobs(metric=metric),
        store=Store(state=str(tmp_path / "state")),
    )
    found = workload.of(config)
    train.run(config, found, Window(), tmp_path / "bundle")
    verdict = check_leakage.run(config, found, bundles.read(tmp_path / "bundle"), connect(config))
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert "Strongest single feature" in verdict.why


def test_good_model_promotes(own, capsys):
    """The trained model passes, the verdict is about it, and each step is told while it runs."""
    verdict = judged(own)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert verdict.subject.bundle == own.bundle.digest
    assert "training on shuffled labels" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (lambda rows: rows["benign"] * 1.0, "strongest single feature"),
        (lambda rows: rows["benign"] + 1e-6 * rows["mean area"], "strongest single feature"),
        (lambda rows: rows["mean area"].where(rows["benign"] == 0), "missing or constant by label"),
        (lambda rows: rows["mean area"].where(rows["benign"] == 0, -1.0), "missing or constant by label"),
    ],
    ids=["copied", "noisy", "missing", "constant"],
)
def test_telling_column_rejects(own, tmp_path, values, named):
    """A column that is the label in disguise is refused, by its name."""
    found = with_column(own.found, values)
    verdict = judged(own, trained_on(own, found, tmp_path / "leaky"), found)
    assert verdict.decision == Decision.REJECT
    assert check(verdict, named).decision == Decision.REJECT
    assert "'leak'" in check(verdict, named).why


def test_later_column_is_pointed_out(own, tmp_path):
    """A post-event column that tells the label stops nothing, and is told as the leak that it would be."""
    found = with_column(own.found, lambda rows: rows["benign"] * 1.0, Column("leak", "number", post_event=True))
    verdict = judged(own, trained_on(own, found, tmp_path / "sound"), found)
    assert verdict.decision == Decision.PROMOTE
    assert "'leak', AUC 1.000" in verdict.why
    assert "strongest single column of all" in check(verdict, "post-event leak").why


def test_now_declared_column_rejects(own):
    """A bundle that uses what the schema now calls post-event is refused."""
    name = own.found.contract.features[0].name
    columns = tuple(replace(c, post_event=c.name == name) for c in own.found.contract.columns)
    verdict = judged(own, found=replace(own.found, contract=replace(own.found.contract, columns=columns)))
    assert verdict.decision == Decision.REJECT
    assert f"'{name}'" in check(verdict, "features of the bundle").why


def test_copy_of_later_column_rejects(own, tmp_path):
    """A feature that follows a post-event column is refused: to declare one of the two is not enough."""
    later = Column("leak", "number", post_event=True)
    found = with_column(own.found, lambda rows: np.sqrt(rows["mean area"]), later)
    verdict = judged(own, trained_on(own, found, tmp_path / "copy"), found)
    assert verdict.decision == Decision.REJECT
    assert "'mean area' is nearly a copy of 'leak'" in verdict.why


def test_repeated_rows_reject(own, tmp_path):
    """A source that gives some rows again under new numbers puts training rows into the holdout."""

    def load(since, until):
        rows = own.found.load(None, None)
        again = rows.iloc[:200].assign(row=range(10_000, 10_200))
        return pd.concat([rows, again], ignore_index=True).iloc[since:until]

    found = replace(own.found, load=load)
    verdict = judged(own, trained_on(own, found, tmp_path / "again"), found)
    assert check(verdict, "duplicate rows").decision in (Decision.REJECT, Decision.HOLD)
    assert verdict.decision != Decision.PROMOTE


class Ignorant(ClassifierMixin, BaseEstimator):
    """Answers every row with the classes' shares."""

    def fit(self, features, labels):
        """Count the classes."""
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.shares = counts / len(labels)
        return self

    def predict_proba(self, features):
        """Answer with the shares."""
        return np.tile(self.shares, (len(features), 1))


class Peeks(Ignorant):
    """Remembers the rows of the data source with their labels, whatever it is trained on."""

    def fit(self, features, labels):
        """Read the source, holdout and all."""
        found = workload.find("workloads.sklearn_binary")
        rows = found.load(None, None)
        self.known = dict(zip(found.contract.frame(rows).sum(axis=1), found.contract.labels(rows), strict=True))
        return super().fit(features, labels)

    def predict_proba(self, features):
        """Look the label up."""
        said = np.array([self.known[key] for key in features.sum(axis=1)])
        return (said[:, None] == self.classes_[None, :]).astype(float)


def test_peeking_estimator_rejects(own):
    """An estimator that knows the holdout's labels beats the dummy after any shuffle."""
    verdict = judged(own, found=replace(own.found, build=Peeks))
    assert verdict.decision == Decision.REJECT
    assert "knows labels that its training did not give it" in verdict.why


def test_champion_of_own_split_promotes(own):
    """A champion that was split as the candidate is has not seen its holdout."""
    crown(own.config, own.bundle)
    verdict = judged(own)
    assert verdict.decision == Decision.PROMOTE
    assert "None of the" in check(verdict, "champion's training rows").why


@pytest.fixture
def narrow(own, tmp_path):
    """Crown a champion that held out fewer rows, so that it was trained on some that judge now."""
    config = replace(own.config, holdout=replace(own.config.holdout, share=0.1))
    crown(own.config, trained_on(own, own.found, tmp_path / "narrow", config))
    return own


def test_champion_of_the_holdout_rejects(narrow):
    """A champion that was trained on rows of this holdout is no measure."""
    verdict = judged(narrow)
    assert check(verdict, "champion's training rows").decision == Decision.REJECT
    assert "has seen what it is judged by" in verdict.why


def rewritten(bundle, path, **holdout):
    """Return a bundle whose manifest says something else of its split, or nothing."""
    manifest = {**bundle.manifest, "holdout": {**bundle.manifest["holdout"], **holdout} if holdout else None}
    estimator = bundles.load_model(bundle).estimator
    return bundles.write(path, estimator, bundle.contract, bundle.profile, manifest, "a card")


def test_champion_of_other_salt_rejects(own, tmp_path):
    """A champion that was split by another salt was trained on some of these rows."""
    crown(own.config, rewritten(own.bundle, tmp_path / "other", salt="another"))
    assert check(judged(own), "champion's training rows").decision == Decision.REJECT


def test_silent_champion_holds(own, tmp_path):
    """A champion whose manifest does not tell its split is never passed over in silence."""
    crown(own.config, rewritten(own.bundle, tmp_path / "silent"))
    verdict = judged(own)
    assert verdict.decision == Decision.HOLD
    assert "does not say how its rows were split" in verdict.why


def test_changed_data_keeps_sides(own, tmp_path):
    """When the champion's rows have changed, the same split still proves that it has not seen these."""
    crown(own.config, own.bundle)
    found = with_column(own.found, lambda rows: np.arange(len(rows)) % 7.0)
    bundle = trained_on(own, found, tmp_path / "wider")
    assert check(judged(own, bundle, found), "champion's training rows").decision == Decision.PROMOTE


def test_changed_data_and_split_hold(own, tmp_path):
    """When data and split have both changed, finding no row of the champion's proves nothing."""
    config = replace(own.config, holdout=replace(own.config.holdout, share=0.1))
    crown(own.config, trained_on(own, own.found, tmp_path / "first", config, until=200))
    found = with_column(own.found, lambda rows: np.arange(len(rows)) % 7.0)
    verdict = judged(own, trained_on(own, found, tmp_path / "wider"), found)
    assert verdict.decision == Decision.HOLD
    assert "has changed since, and it was split otherwise" in verdict.why


def test_lost_key_holds(own):
    """When the data no longer has the column by which the champion was split, that is named."""
    rows = rowsets.of_bundle(own.bundle, own.found, own.config)
    lost = replace(own.found, load=lambda since, until: own.found.load(since, until).drop(columns="row"))
    check = check_leakage.earlier_check("champion 1.0.0", own.bundle, lost, own.config, rows)
    assert check.decision == Decision.HOLD
    assert "no longer has the column 'row'" in check.why


def test_anchor_is_looked_at(own, tmp_path):
    """The anchor is scored on the same rows as the champion, so it may not have been trained on them either."""
    crown(own.config, own.bundle)
    registry = connect(own.config)
    config = replace(own.config, holdout=replace(own.config.holdout, share=0.1))
    registry.set_anchor(registry.register(trained_on(own, own.found, tmp_path / "old", config)), "for the test")
    verdict = judged(own)
    assert check(verdict, "champion's training rows").decision == Decision.PROMOTE
    assert check(verdict, "anchor's training rows").decision == Decision.REJECT


def test_changed_split_is_refused(own):
    """A bundle is not judged on another holdout than its own: rows that trained it would be in it."""
    config = replace(own.config, holdout=replace(own.config.holdout, share=0.5))
    with pytest.raises(EvidenceError, match="another split of the same rows"):
        judged(own, config=config)
