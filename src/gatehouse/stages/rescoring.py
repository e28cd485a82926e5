"""Scoring the candidate's logged answers again by its bundle, beside a rollout that does not wait for it.

The log may lie in some cloud that hangs, and a model may be slow: a canary must be watched all the same. So it is done
on a thread of its own, by one program at a time; a look takes what is there. Whatever keeps rows from being scored is
told, and ends no rollout.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import Bundle
from gatehouse.canary import rescoring
from gatehouse.canary.rescoring import Read, Rescored
from gatehouse.canary.state import Phase, State
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.gates import export
from gatehouse.predictions import Predictions
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.serving import log_tail, prediction_log, runtime
from gatehouse.serving.runtime import Model
from gatehouse.stages import scoring

# Of the rows that came since the last look so many are scored, evenly chosen.
MOST_ROWS = 200
# Seconds that a look waits for what it began: a folder and a few rows take less.
PATIENCE = 0.1
# So many times as long as it took nothing is begun: the servers may share this machine, or the log's address be slow.
REST = 4
# Seconds between two reads of an address: servers carry what they wrote there once a minute, and each list costs money.
PAUSE = 15.0
NO_LOG = "[store] log, or GATEHOUSE_LOG, names no place that this program can read."


@dataclass
class Rescorer:
    """Scores one candidate's logged answers after another's; each bundle is opened once."""

    opened: tuple[Release, Bundle, Model] | None = None
    work: threading.Thread | None = None
    rests: float = 0.0
    done: list[Callable[[State], State]] = field(default_factory=list)

    def look(self, state: State, config: Config, registry: Registry | None) -> State:
        """Return the state with what has come since the last look, and begin another; waits for PATIENCE at most."""
        release = state.canary.release if state.canary else None
        if release is None or state.phase not in (Phase.SHADOWING, Phase.BAKING):
            return state
        if not config.store.log:
            return replace(state, rescored=replace(state.rescored, why=NO_LOG))
        busy = self.work is not None and self.work.is_alive()
        if not busy and time.monotonic() >= self.rests:
            begun, after = datetime.fromtimestamp(state.history[0].at, UTC), dict(state.rescored.read)

            def work() -> None:
                found = self._found(release, begun, after, config, registry)
                self.done.append(lambda now: _taken(now, release, found, after))

            # As a daemon: a program that is told to end does not wait for a cloud.
            self.work = threading.Thread(target=work, daemon=True)
            self.work.start()
        if self.work is not None:
            self.work.join(PATIENCE)
        while self.done:
            state = self.done.pop(0)(state)
        return state

    def _found(
        self, release: Release, begun: datetime, after: Read, config: Config, registry: Registry | None
    ) -> Rescored:
        started = time.monotonic()
        try:
            bundle, model = self._open(release, registry)
            started = time.monotonic()  # what is done once needs no rest
            return scored(bundle, model, config, begun, after)
        except EvidenceError as error:
            return Rescored(why=str(error))
        except Exception as error:  # whatever a registry, a cloud or a model may raise
            return Rescored(why=f"{type(error).__name__}: {error}")
        finally:
            now, pause = time.monotonic(), PAUSE if files.is_url(config.store.log) else 0.0
            self.rests = now + max(pause, REST * (now - started))

    def _open(self, release: Release, registry: Registry | None) -> tuple[Bundle, Model]:
        if self.opened is None or self.opened[0] != release:
            bundle = fetched(release, registry)
            if bundle.runtime == "sklearn":
                scoring.require_same_line(bundle)
            self.opened = release, bundle, runtime.load(bundle)
        return self.opened[1:]


def _taken(state: State, release: Release, found: Rescored, after: Read) -> State:
    """Return the state with what was found of a release; unchanged when another one is tried by now."""
    if state.canary is None or state.canary.release != release:
        return state
    return replace(state, rescored=rescoring.grown(state.rescored, found, after))


def scored(bundle: Bundle, model: Model, config: Config, begun: datetime, after: Read) -> Rescored:
    """Score again what a bundle's servers have logged since a rollout had `begun`, `after` what was read before.

    Answers of a fallback and those to testers are passed over. Raises EvidenceError where the log cannot be read, or
    lacks what the model needs, and whatever the model does.
    """
    kept_back = [column.name for column in bundle.contract.features if column.sensitive]
    if kept_back:
        raise EvidenceError(f"the log does not hold {', '.join(kept_back)} in the clear, as the schema asks.")
    lines, read = log_tail.added(config.store.log, begun, after)
    own = [line for line in lines if bundle.digest.encode() in line]
    log = prediction_log.table(own[:: max(1, -(-len(own) // MOST_ROWS))], begun)
    log = log[(log["bundle"] == bundle.digest) & ~log["fallback"].astype(bool) & ~log["tester"].astype(bool)]
    if log.empty:
        return Rescored(read=read)
    model.limit_threads()
    again = model.predict(list(log["features"]))
    return replace(compared(prediction_log.predictions(log), again, config.export), read=read)


def fetched(release: Release, registry: Registry | None) -> Bundle:
    """Return a release's bundle. Raises EvidenceError where it lies in an image and no registry is at hand."""
    if Path(release.location).is_dir():
        return bundles.read(Path(release.location), expected=release.bundle)
    if registry is None:
        raise EvidenceError(f"the bundle of version {release.version} is not on this machine.")
    return registry.fetch(release)


def compared(logged: Predictions, again: Predictions, limits: export.Knobs) -> Rescored:
    """Hold what was logged against what the bundle gives: scores by the tolerance, labels but for near ties exactly."""
    n = len(again)
    if logged.classes != again.classes:
        return Rescored(n, n, n, 1.0, limits.tolerance)
    # NaN is within no tolerance.
    apart = np.nan_to_num(export.apart(again, logged), nan=np.inf)
    flipped = np.zeros(n, dtype=bool)
    if again.classes:
        flipped = (logged.values != again.values) & ~export.near(again, limits.near)
    differing = (apart > limits.tolerance) | flipped
    largest = float(min(apart.max(), np.finfo(float).max))
    return Rescored(n, int(differing.sum()), int(flipped.sum()), largest, limits.tolerance)
