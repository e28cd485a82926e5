"""Logged answers scored again: by a real bundle, out of a real log, beside a rollout that does not wait."""

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tumours
from canary import rollouts
from stages.conftest import Trained
from stages.paper_target import PaperTarget, Shelf
from stages.quick import quick

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle
from gatehouse.canary.rescoring import NAME, Rescored
from gatehouse.canary.state import Placed, State
from gatehouse.config import Config, Store
from gatehouse.errors import EvidenceError, NotComparableError
from gatehouse.gates import export
from gatehouse.predictions import Predictions
from gatehouse.release import Release
from gatehouse.serving import log_tail, prediction_log, requests, runtime
from gatehouse.serving.answers import Answered
from gatehouse.serving.recorder import Recorder
from gatehouse.stages import rescoring, rollout
from gatehouse.stages.controller import Controller
from gatehouse.stages.rescoring import Rescorer
from gatehouse.stages.traffic import Traffic
from gatehouse.targets.local import LocalTarget, serve
from gatehouse.verdicts import Decision

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
LIMITS = export.Knobs()


def logged(
    own: Trained, folder: Path, when: datetime = NOON, change: Callable[[dict[str, Any]], Any] = str, **marks: bool
) -> None:
    """Write what a server of the model logs of its first hundred rows, each record as it is changed."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, bundle = own.found.load(None, None).head(100), own.bundle
    body = json.dumps({"rows": requests.payload(rows, bundle.contract)}).encode()
    batch = requests.reader(bundle.contract, 100).read(body)
    answers = runtime.load(bundle).predict(batch.rows)
    told = Answered("r", batch, answers.values.tolist(), prediction_log.scores(answers), **marks)
    records = Recorder(bundle).records(prediction_log.stamp(when), told, range(len(answers)))
    for record in records:
        change(record)
    name = f"{NOON:%Y%m%dT%H%M%S}-1-{len(list(folder.iterdir()))}-0001.jsonl"
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))


def scored(own: Trained, folder: Path) -> Rescored:
    """Return what a look at a log brings."""
    config = replace(own.config, store=Store(log=str(folder)))
    return rescoring.scored(own.bundle, runtime.load(own.bundle), config, NOON, {})


def test_own_answers_are_the_same(own: Trained, tmp_path: Path) -> None:
    """What a sound server logs, its bundle gives again, to the last digit."""
    logged(own, tmp_path / "log")
    found = scored(own, tmp_path / "log")
    assert (found.rows, found.differing, found.largest, found.tolerance) == (100, 0, 0.0, 1e-6)


@pytest.mark.parametrize(("by", "differing"), [(1e-3, 1), (1e-7, 0)])
def test_shifted_score_is_found(own: Trained, tmp_path: Path, by: float, differing: int) -> None:
    """A score that is off by more than its last digits is another answer."""
    number = itertools.count()

    def shift(record: dict[str, Any]) -> None:
        if next(number) == 50:
            name = record["prediction"]
            record["scores"][name] -= by

    logged(own, tmp_path / "log", change=shift)
    found = scored(own, tmp_path / "log")
    assert (found.differing, found.flipped) == (differing, 0)
    assert found.largest == pytest.approx(by)


def test_others_are_passed_over(own: Trained, tmp_path: Path) -> None:
    """Answers of a fallback, to testers, of another bundle, and from before the rollout are not this one's."""

    def spoil(record: dict[str, Any]) -> None:
        record["scores"] = {name: 1 - score for name, score in record["scores"].items()}

    def foreign(record: dict[str, Any]) -> None:
        spoil(record)
        record["bundle"] = "0" * 64

    logged(own, tmp_path / "log", change=spoil, fallback=True)
    logged(own, tmp_path / "log", change=spoil, tester=True)
    logged(own, tmp_path / "log", change=foreign)
    logged(own, tmp_path / "log", NOON - timedelta(minutes=1), spoil)
    found = scored(own, tmp_path / "log")
    assert (found.rows, len(found.read)) == (0, 4)


def test_sample_is_bounded(own: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many rows some are scored, from all over what was read."""
    monkeypatch.setattr(rescoring, "MOST_ROWS", 30)
    logged(own, tmp_path / "log")
    assert scored(own, tmp_path / "log").rows == 25


def test_hidden_columns_judge_nothing(tmp_path: Path) -> None:
    """A log without what the model needs cannot be scored again, and the reason names the column."""
    bundle = tumours.write(tmp_path / "bundle")
    with pytest.raises(EvidenceError, match="the log does not hold ward in the clear"):
        rescoring.scored(bundle, runtime.load(bundle), Config(), NOON, {})


@pytest.mark.parametrize(
    ("logged", "again", "found"),
    [
        (("no", [0.505, 0.495]), ("yes", [0.495, 0.505]), (1, 0)),
        (("no", [0.1, 0.9]), ("yes", [0.1, 0.9]), (1, 1)),
        (("yes", [np.nan, 0.9]), ("yes", [0.1, 0.9]), (1, 0)),
        (("yes", [0.1, 0.9]), ("yes", [0.1 + 1e-7, 0.9 - 1e-7]), (0, 0)),
    ],
)
def test_answers_are_held_together(logged: Any, again: Any, found: tuple[int, int]) -> None:
    """Scores count by the tolerance, NaN as far off, and labels exactly but near the threshold."""
    ours, theirs = (
        Predictions(np.array([label]), np.array([scores]), ("no", "yes")) for label, scores in (logged, again)
    )
    seen = rescoring.compared(ours, theirs, LIMITS)
    assert (seen.differing, seen.flipped) == found
    assert np.isfinite(seen.largest)


def test_numbers_are_held_together() -> None:
    """Of a regression it is the number that counts; other classes than the bundle's are another model's."""
    ours, theirs = (Predictions(np.array(values), np.empty(0)) for values in ([1.0, 2.0], [1.0, 2.5]))
    assert rescoring.compared(ours, theirs, LIMITS) == Rescored(2, 1, 0, 0.5, 1e-6)
    classes = Predictions(np.array(["a", "a"]), np.ones((2, 1)), ("a",))
    assert rescoring.compared(classes, theirs, LIMITS).differing == 2


def baking(release: Release, at: datetime = NOON) -> State:
    """Return a rollout of a release that has begun at a moment."""
    return replace(rollouts.baking(at.timestamp()), canary=Placed("green", release))


def settled(rescorer: Rescorer, state: State, config: Config, registry: Any = None) -> State:
    """Return the state after looks until something new is known."""
    before, end = state.rescored, time.monotonic() + 60
    while state.rescored == before:
        assert time.monotonic() < end, "It found nothing."
        state = rescorer.look(state, config, registry)
    return state


def release_of(bundle: Bundle, location: str | None = None) -> Release:
    """Return the release of a bundle."""
    return Release(bundle.version, bundle.digest, location or str(bundle.path))


def test_look_scores_each_row_once(own: Trained, tmp_path: Path) -> None:
    """Looks of one program after another add up what has come, and open the bundle once."""
    config = replace(own.config, store=Store(log=str(tmp_path / "log")))
    logged(own, tmp_path / "log")
    rescorer = Rescorer()
    state = settled(rescorer, baking(release_of(own.bundle)), config)
    opened = rescorer.opened
    logged(own, tmp_path / "log")
    state = settled(rescorer, state, config)
    assert (state.rescored.rows, state.rescored.why) == (200, "")
    assert rescorer.opened is opened


@pytest.mark.parametrize(("log", "seconds"), [("/log", 0.5), ("memory://log", 0.0)])
def test_log_gets_a_rest(own: Trained, monkeypatch: pytest.MonkeyPatch, log: str, seconds: float) -> None:
    """A log that takes long is not read again at once, nor is one at an address, where little comes in a minute."""
    asked = []

    def added(*_: Any) -> Any:
        asked.append(1)
        time.sleep(seconds)
        return [], {}

    monkeypatch.setattr(log_tail, "added", added)
    config, rescorer = replace(own.config, store=Store(log=log)), Rescorer()
    rescorer._open(release_of(own.bundle), None)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        rescorer.look(baking(release_of(own.bundle)), config, None)
    assert len(asked) == 1


def test_what_is_in_the_way_is_told(own: Trained, tmp_path: Path) -> None:
    """No log, an unreadable one, and a bundle that is elsewhere are told, and raise nothing."""
    here, image = release_of(own.bundle), release_of(own.bundle, "registry/serve@sha256:" + "0" * 64)
    gone = replace(own.config, store=Store(log=str(tmp_path / "gone")))
    for release, config, why in (
        (here, replace(own.config, store=Store(log="")), "names no place"),
        (here, gone, "There is no prediction log at"),
        (image, gone, "is not on this machine"),
        (Release("1", "0" * 64, str(own.bundle.path)), gone, "BundleError: The bundle at"),
    ):
        assert why in settled(Rescorer(), baking(release), config).rescored.why
    assert "NotImplementedError" in settled(Rescorer(), baking(image), gone, Shelf()).rescored.why


def test_other_libraries_judge_nothing(own: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that this machine's scikit-learn may not read is not judged by it."""
    monkeypatch.setattr(Bundle, "runtime", "sklearn")
    monkeypatch.setattr(
        rescoring, "fetched", lambda *_: replace(own.bundle, manifest={"libraries": {"scikit-learn": "0.1"}})
    )
    with pytest.raises(NotComparableError, match="trained with scikit-learn"):
        Rescorer()._open(release_of(own.bundle), None)


def test_hanging_log_costs_a_tick_little(own: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that does not answer keeps nobody from watching: one read at a time, and a look does not wait for it."""
    asked, freed = [], threading.Event()

    def hang(*_: Any) -> Any:
        asked.append(1)
        freed.wait(30)
        return [], {}

    monkeypatch.setattr(log_tail, "added", hang)
    config, rescorer = replace(own.config, store=Store(log="memory://log")), Rescorer()
    state = baking(release_of(own.bundle))
    rescorer._open(state.canary.release, None)
    began = time.monotonic()
    for _ in range(5):
        assert rescorer.look(state, config, None) == state
    assert time.monotonic() - began < 2
    assert len(asked) == 1
    freed.set()
    rescorer.work.join(30)


def test_other_candidates_rows_are_dropped(own: Trained, tmp_path: Path) -> None:
    """What was found of a release is nothing to hold the next one against."""
    config = replace(own.config, store=Store(log=str(tmp_path / "log")))
    logged(own, tmp_path / "log")
    rescorer, state = Rescorer(), baking(release_of(own.bundle))
    rescorer.look(replace(state, history=state.history), config, None)
    rescorer.work.join(30)
    after = rescorer.look(baking(Release("9", "9" * 64, "x")), config, None)
    assert after.rescored.rows == 0


def test_guardian_without_a_bundle_goes_on(own: Trained, tmp_path: Path) -> None:
    """A program that has neither the bundle nor a registry brings a rollout to its end, and says what it did not do."""
    target = PaperTarget()
    sections = {"comparison": {"bursts": 1.0}, "steps": {"bake_seconds": 5.0}}
    config = quick(tmp_path, **sections, store={"state": str(tmp_path), "log": str(tmp_path / "log")})
    for version in ("1.0.0", "1.1.0"):
        controller = Controller(config, Release(version, version[2] * 64, "image@sha256:0"), target, now=target.now)
        controller.attach()
        while not controller.over:
            controller.tick()
            target.sleep(1.0)
        controller.release()
    assert controller.serves
    (check,) = [check for check in controller.state.checks if check.name == NAME]
    assert "the bundle of version 1.1.0 is not on this machine" in check.why


@pytest.mark.parametrize(("fault", "decision"), [(("--swap",), Decision.REJECT), ((), Decision.PROMOTE)])
def test_server_of_another_model_goes_back(own: Trained, tmp_path: Path, fault: Any, decision: Decision) -> None:
    """Real servers: one that answers otherwise than its bundle goes back by its log alone; a sound one goes on."""
    old, log = own.bundle, tmp_path / "log"
    # Predictions beside stable's would tell as well, and are kept from it here; a busy machine answers late.
    config = quick(
        tmp_path, comparison={"psi": 50.0, "same_late": 1000.0}, store={"state": str(tmp_path), "log": str(log)}
    )
    estimator, about = bundles.load_model(old).estimator, {**old.manifest, "version": "9.9.9"}
    exported = (old.path / bundles.ONNX).read_bytes()
    new = bundles.write(tmp_path / "new", estimator, old.contract, old.profile, about, "# New\n", exported)
    target = LocalTarget(config)
    rows = requests.payload(own.found.load(None, None), old.contract)
    try:
        rollout.run(config, release_of(old), target=target, say=str)
        module = [sys.executable, "-P", "-m", "gatehouse.stages.faulty_server", "--bundle", str(new.path), *fault]
        target.servers.command = lambda served: module if fault and served.version == "9.9.9" else serve(served)
        with Traffic(target.url, itertools.cycle(rows), 50) as traffic:
            verdict = rollout.run(config, release_of(new), target=target, say=str)
    finally:
        target.close()
    assert verdict.decision == decision, verdict.why
    assert traffic.failures == []
    (check,) = [check for check in verdict.checks if check.name == NAME]
    assert (check.decision, check.advisory) == (decision, False)
    if fault:
        assert "What serves is not what its gate let through" in verdict.why
