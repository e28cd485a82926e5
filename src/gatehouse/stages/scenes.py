"""The scenes of a rehearsal, in their order. Each plays steps for real and says which verdict it expects of them."""

import itertools
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Window
from gatehouse.registry import Registry, connect
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import (
    check_drift,
    check_leakage,
    check_model,
    check_serving,
    evidence,
    gate,
    judgement,
    planted,
    register,
    requesting,
    retrain,
    rollout,
    train,
    validate_data,
)
from gatehouse.stages.story import Story
from gatehouse.stages.traffic import OK, Answer, Traffic
from gatehouse.targets.local import LocalTarget, serve
from gatehouse.verdicts import Check, Decision, Subject, Verdict
from gatehouse.workload import Workload

BATCH = 100
# The servers write their log behind the answers; a moment later all of it is on the disk.
LOG_SECONDS = 2.0


@dataclass(frozen=True)
class Play:
    """What every scene works with."""

    config: Config
    found: Workload
    target: LocalTarget
    story: Story
    scratch: Path

    @property
    def registry(self) -> Registry:
        """The registry of the rehearsal."""
        return connect(self.config)

    def rows(self, window: Window) -> pd.DataFrame:
        """Return the rows of a window."""
        return self.found.load(window.since, window.until)

    def trained(self, name: str, window: Window, fit: train.Fit = train.fit) -> Bundle:
        """Train a model and return its bundle."""
        path = self.scratch / "bundles" / name.replace(" ", "-")
        self.story.expect(
            Decision.PROMOTE,
            f"train {name}",
            lambda: train.run(self.config, self.found, window, path, seed=self.config.train.seed, fit=fit),
        )
        return bundles.read(path)

    def let_through(self, name: str, bundle: Bundle, window: Window) -> Release:
        """Put a model and the window of its data through the gates, register it, and return the release."""
        expect, rows = self.story.expect, self.rows(window)
        expect(
            Decision.PROMOTE,
            f"validate the data of {name}",
            lambda: validate_data.run(self.config, self.found, rows, window),
        )
        expect(Decision.PROMOTE, f"check {name}", lambda: check_model.run(self.config, self.found, bundle))
        expect(
            Decision.PROMOTE,
            f"look for leaks in {name}",
            lambda: check_leakage.run(self.config, self.found, bundle, self.registry),
        )
        before = self.story.verdicts[-len(gate.BEFORE) :]
        judged = expect(
            Decision.PROMOTE, f"gate {name}", lambda: gate.run(self.config, self.found, bundle, self.registry, before)
        )
        return self.registered(name, bundle, judged)

    def registered(self, name: str, bundle: Bundle, judged: Path) -> Release:
        """Time a model that its gate let through, register it, and return the release."""
        expect, folder = self.story.expect, self.scratch / "judged" / bundle.digest
        served = expect(
            Decision.PROMOTE,
            f"time {name}",
            lambda: check_serving.run(self.config, self.found, bundle, self.registry, say=self.story.detail),
        )
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(served, folder / "check_serving.json")
        gated = folder / "gate.json"
        shutil.copy(judged, gated)
        expect(Decision.PROMOTE, f"register {name}", lambda: register.run(self.config, bundle, gated))
        release = self.registry.challenger()
        assert release is not None  # noqa: S101 - register has just said so
        return release

    def rolled_out(self, what: str, release: Release, expected: Decision = Decision.PROMOTE) -> list[Answer]:
        """Roll a release out while users ask for predictions, and return what they got."""
        calls = requests.payload(self.rows(self.config.rehearsal.calm), self.found.contract)
        rate = self.config.rehearsal.requests_per_second
        with Traffic(self.target.url, itertools.cycle(calls), rate) as traffic:
            self.moved(what, release, expected)
        return traffic.answers

    def moved(self, what: str, release: Release, expected: Decision = Decision.PROMOTE) -> None:
        """Roll a release out, as its gate has judged it."""
        judged = self.scratch / "judged" / release.bundle / "gate.json"
        differ = rollout.expected(evidence.read(judged, "gate", Subject(bundle=release.bundle)))
        self.story.expect(
            expected,
            what,
            lambda: rollout.run(
                self.config,
                release,
                target=self.target,
                registry=self.registry,
                expected=differ,
                say=self.story.detail,
            ),
        )


def bad_data(play: Play) -> None:
    """Refuse a file that a broken pipeline delivered, and let the real one pass."""
    play.story.say("\n1. Bad data is refused")
    config, found, window = play.config, play.found, play.config.rehearsal.first
    good = play.rows(window)
    broken, said = planted.spoiled(good, found.contract)
    play.story.expect(
        Decision.REJECT, f"validate a bad file: {said}", lambda: validate_data.run(config, found, broken, window)
    )
    play.story.expect(Decision.PROMOTE, "validate the real one", lambda: validate_data.run(config, found, good, window))


def first_model(play: Play) -> None:
    """Serve a first model, which has no champion to beat and must reach the absolute floor."""
    play.story.say("\n2. A first model is trained, gated, registered and served")
    window = play.config.rehearsal.first
    bundle = play.trained("a first model", window)
    play.moved("serve the first model", play.let_through("the first model", bundle, window))


def better_candidate(play: Play) -> None:
    """Roll out a candidate that has seen more, while traffic flows and no request fails."""
    play.story.say("\n3. A better candidate is rolled out under live traffic, and no request fails")
    bundle = play.trained("a candidate on more data", play.config.data)
    answers = play.rolled_out("roll out the candidate", play.let_through("the candidate", bundle, play.config.data))
    play.story.expect(Decision.PROMOTE, "answer every request meanwhile", lambda: answered(answers))


def worse_candidate(play: Play) -> None:
    """Refuse a candidate that was trained on shuffled labels, and to register it all the same."""
    play.story.say("\n4. A worse candidate is refused")
    config = play.config
    bundle = play.trained("a model on shuffled labels", config.data, planted.fit_on_shuffled_labels)
    judged = play.story.expect(
        Decision.REJECT, "gate the worse model", lambda: gate.run(config, play.found, bundle, play.registry)
    )
    play.story.expect(Decision.ERROR, "register it all the same", lambda: register.run(config, bundle, judged))


def live_failure(play: Play) -> None:
    """Roll back a candidate that passed its gate and fails in production; the champion stays."""
    play.story.say("\n5. A candidate that fails live is rolled back by itself")
    champion = play.registry.champion()
    bundle = play.trained("a model that will fail live", play.config.data)
    release = play.let_through("the model that will fail live", bundle, play.config.data)
    play.target.servers.command = lambda served: faulty(served) if served == release else serve(served)
    play.rolled_out("roll it out on servers that fail 30 % of the requests", release, Decision.REJECT)
    play.story.expect(Decision.PROMOTE, "keep the champion", lambda: unmoved(champion, play.registry.champion()))


def moved_world(play: Play) -> None:
    """Notice a moved world, but nothing in calm traffic, and train a model that passes the same gate."""
    play.story.say("\n6. The world moves: the drift check says so, and a new model is trained")
    moved = play.config.rehearsal.drifted
    calm, drifted = play.rows(play.config.rehearsal.calm), play.rows(moved)
    half = len(drifted) // 2
    today = replace(play, found=replace(play.found, load=lambda since, _: play.found.load(since, moved.since)))
    play.story.expect(Decision.PROMOTE, "check calm traffic for drift", lambda: drift_of(today, calm))
    # No label of the moved world has come yet: the features alone must show it, and once is not enough.
    play.story.expect(Decision.HOLD, "check a first moved window", lambda: drift_of(today, drifted.head(half)))
    play.story.expect(Decision.REJECT, "check a second one", lambda: drift_of(play, drifted.tail(half)))
    path, judged = play.scratch / "bundles" / "retrained", play.scratch / "gate.json"
    play.story.expect(
        Decision.PROMOTE,
        "retrain and gate the new model",
        lambda: retrain.run(play.config, play.found, moved.until, path, reason="drift in two windows", judged=judged),
    )
    release = play.registered("the retrained model", bundles.read(path), judged)
    play.rolled_out("roll out the retrained model", release)


ALL = (bad_data, first_model, better_candidate, worse_candidate, live_failure, moved_world)


def faulty(release: Release) -> list[str]:
    """Return the command of a server with a planted fault."""
    module = "gatehouse.stages.faulty_server"
    return [sys.executable, "-P", "-m", module, "--bundle", release.location, "--error-share", "0.3"]


def drift_of(play: Play, rows: pd.DataFrame) -> Verdict:
    """Send rows through the router, and check the log that the servers wrote of them."""
    begin = datetime.now(UTC)
    for start in range(0, len(rows), BATCH):
        requesting.predict(play.target.url, rows.iloc[start : start + BATCH], play.found.contract)
    time.sleep(LOG_SECONDS)
    champion = play.registry.champion()
    assert champion is not None  # noqa: S101 - it has just answered
    log = Path(play.config.store.log)
    return check_drift.run(play.config, play.found, play.registry.fetch(champion), log, begin, datetime.now(UTC))


def answered(answers: Sequence[Answer]) -> Verdict:
    """Judge whether every request was answered well."""
    failed = [answer for answer in answers if answer.status != OK]
    decision = Decision.PROMOTE if answers and not failed else Decision.REJECT
    why = f"{len(failed)} of {len(answers):,} requests failed."
    if failed:
        why += f" The first: {failed[0].status or 'no answer'}, {failed[0].error[:200]}"
    return judgement.make("traffic", [Check("requests", decision, why, observed=len(failed), limit=0, n=len(answers))])


def unmoved(before: Release | None, now: Release | None) -> Verdict:
    """Judge whether the champion is the one that it was."""
    same = before is not None and before == now
    why = f"The champion is {now.version if now else 'nobody'}, and was {before.version if before else 'nobody'}."
    return judgement.make("champion", [Check("champion", Decision.PROMOTE if same else Decision.REJECT, why)])
