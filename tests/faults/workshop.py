"""Where faults are planted: one small real workload whose model was trained, gated and made the champion.

What is costly is made once, when the first fault asks for it, and never changed; what a fault spoils is its own copy.
"""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Store, Window
from gatehouse.config import Registry as Registered
from gatehouse.config import Workload as Package
from gatehouse.errors import GatehouseError
from gatehouse.gates import data, quality
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry, connect
from gatehouse.registry.mlflow import MlflowRegistry
from gatehouse.stages import gate, judgement, planted, rows, train
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision, Verdict
from gatehouse.workload import Workload


@dataclass
class Workshop:
    """Settings, the workload that they name, and a folder to work in."""

    folder: Path
    numbers: itertools.count = field(default_factory=itertools.count)
    sound: dict[Any, Verdict] = field(default_factory=dict)

    @cached_property
    def config(self) -> Config:
        """The settings; the state is that of a registry with a champion."""
        return Config(
            workload=Package(package="workloads.sklearn_binary"),
            validate=data.Knobs(minimum_rows=100),
            gate=quality.Knobs(metric="log_loss", delta=0.1, floor=0.5),
            store=Store(state=str(self.state())),
        )

    @cached_property
    def pristine(self) -> Path:
        """A state folder in which nothing has happened. MLflow takes seconds to make its tables, so it is copied."""
        MlflowRegistry(Registered(), self.folder / "pristine").champion()
        return self.folder / "pristine"

    @cached_property
    def found(self) -> Workload:
        """The workload."""
        return workload.of(self.config)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """All of its rows, as they are loaded."""
        return self.found.load(None, None)

    @cached_property
    def champion(self) -> Bundle:
        """A good model, which is the champion of the registry."""
        return self._trained(self.config, "champion")

    @cached_property
    def candidate(self) -> Bundle:
        """Another good model, trained afterwards on more rows."""
        return self._trained(self.crowned, "candidate")

    @cached_property
    def worse(self) -> Bundle:
        """A candidate that was trained on shuffled labels."""
        return self._trained(self.crowned, "worse", fit=planted.fit_on_shuffled_labels)

    @cached_property
    def ignorant(self) -> Bundle:
        """A candidate whose labels all belong to other rows: it has learned nothing."""
        return self._trained(self.crowned, "ignorant", fit=fit_on_strangers)

    @cached_property
    def crowned(self) -> Config:
        """The settings once the registry has its champion."""
        registry = connect(self.config)
        registry.promote(registry.register(self.champion), "for the faults")
        return self.config

    @cached_property
    def split(self) -> Rows:
        """The rows of the candidate's window, split."""
        return rows.of_bundle(self.candidate, self.found, self.crowned)

    @cached_property
    def answers(self) -> Predictions:
        """What the candidate answers to the holdout."""
        return bundles.load_model(self.candidate).predict(self.split.holdout)

    @cached_property
    def gated(self) -> Verdict:
        """The gate's verdict on the candidate."""
        return gate.run(self.crowned, self.found, self.candidate, self.registry)

    @property
    def registry(self) -> Registry:
        """The registry that has a champion."""
        return connect(self.crowned)

    def state(self) -> Path:
        """Return a state folder of its own, without a champion."""
        return Path(shutil.copytree(self.pristine, self.new("state")))

    def new(self, name: str) -> Path:
        """Return a path of its own for something called `name`."""
        folder = self.folder / str(next(self.numbers))
        folder.mkdir(parents=True)
        return folder / name

    def copied(self, bundle: Bundle) -> Path:
        """Return a copy of a bundle's folder that may be spoiled."""
        return Path(shutil.copytree(bundle.path, self.new("bundle")))

    def altered(self, change: Callable[[Any], Any]) -> Bundle:
        """Return a sound bundle whose fitted pipeline was changed: `change` returns the new one, or alters it."""
        estimator = bundles.load_model(self.candidate).estimator
        return self.written(change(estimator) or estimator)

    def written(self, estimator: Any, **manifest: Any) -> Bundle:
        """Return a bundle of an estimator, with the candidate's manifest."""
        old = self.candidate
        about = {**old.manifest, **manifest}
        return bundles.write(self.new("bundle"), estimator, old.contract, old.profile, about, "# Planted\n")

    def text(self, content: str | bytes, name: str) -> Path:
        """Return a file with this content."""
        path = self.new(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def _trained(self, config: Config, name: str, **fit: Any) -> Bundle:
        path = self.new(name)
        train.run(config, self.found, Window(), path, **fit)
        return bundles.read(path)


def fit_on_strangers(estimator: Any, features: pd.DataFrame, labels: np.ndarray) -> Any:
    """Fit an estimator on labels of which each belongs to any row."""
    return estimator.fit(features, np.random.default_rng(0).permutation(labels))


def attempt(step: str, judge: Callable[[], Verdict]) -> Verdict:
    """Return the verdict of a step; what it raises on purpose is one of `error`, as in `cli.run`."""
    try:
        return judge()
    except GatehouseError as error:
        return judgement.make(step, [Check(step, Decision.ERROR, str(error))])


def ruled(step: str, *checks: Check) -> Verdict:
    """Return a step's verdict of checks that a rule made."""
    return judgement.make(step, checks)


def settings(config: Config, section: str, **values: Any) -> Config:
    """Return settings of which one section says something else."""
    return replace(config, **{section: replace(getattr(config, section), **values)})


def broken(answers: Predictions, value: float) -> Predictions:
    """Return answers of which every score is `value`."""
    return Predictions(answers.values, np.full_like(answers.scores, value), answers.classes)
