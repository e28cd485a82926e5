"""Ask whether the world has moved: hold the servers' prediction log against the champion's reference profile.

Examples:
  scripts/check_drift.py --log /var/log/predictions
  scripts/check_drift.py --since 2026-08-01T00:00 --until 2026-08-02T00:00
"""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from gatehouse import files, holdout, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.drift import rules
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import metrics
from gatehouse.gates.metrics import Estimate
from gatehouse.registry import connect
from gatehouse.serving import prediction_log, recorder
from gatehouse.stages import drift_metrics, judgement, train
from gatehouse.verdicts import Verdict
from gatehouse.workload import Workload

WINDOWS = "drift_windows.jsonl"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--log", help="folder or URL of the prediction log (default: [store] log, GATEHOUSE_LOG)")
    parser.add_argument("--since", type=datetime.fromisoformat, help="first moment (default: where the last one ended)")
    parser.add_argument("--until", type=datetime.fromisoformat, help="moment after the last (default: now)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Check the window of the command line against the champion of the registry."""
    log = args.log or config.store.log
    if not log:
        raise ConfigError("There is no prediction log: set GATEHOUSE_LOG or [store] log, or pass --log FOLDER_OR_URL.")
    registry = connect(config)
    champion = registry.champion()
    if champion is None:
        raise EvidenceError("There is no champion yet, so there is no reference to hold the log against.")
    key = os.environ.get("GATEHOUSE_LOG_KEY", "")
    return run(config, workload.of(config), registry.fetch(champion), log, args.since, args.until, key)


def run(
    config: Config,
    found: Workload,
    champion: Bundle,
    folder: Path | str,
    since: datetime | None = None,
    until: datetime | None = None,
    key: str = "",
) -> Verdict:
    """Judge one window of the log, and remember it for the persistence of the next ones.

    A window with too few rows is not closed: the next one starts where it started. `key` is the one by which the
    servers hash sensitive columns.
    """
    earlier = remembered(Path(config.store.state), champion)
    end = until or datetime.now(UTC)
    begin = since or next((datetime.fromisoformat(item["until"]) for item in reversed(earlier)), None)
    log = prediction_log.read(folder, begin, end)
    skipped = log.attrs["skipped"]
    if log.empty and skipped:
        raise EvidenceError(f"The prediction log {folder} holds {skipped:,} broken lines and no record: is it one?")
    log = of_champion(log, champion)
    outcome = rules.judge(
        champion.profile,
        champion.contract,
        prediction_log.features(log),
        prediction_log.predictions(log),
        [frozenset(item["alarmed"]) for item in earlier],
        config.drift,
        performance(config, found, champion, log, key),
    )
    if outcome.judged:
        _remember(Path(config.store.state), champion, begin, end, sorted(outcome.alarmed))
    details: dict[str, Any] = {"drift": outcome.table, "outputs": {"action": outcome.action}, "rows": len(log)}
    details |= {"notices": list(outcome.notices), "skipped_lines": skipped}
    verdict = judgement.make("check_drift", outcome.checks, subject=train.subject(champion), details=details)
    tell(Path(config.store.state), champion, verdict)
    return verdict


def tell(state: Path, champion: Bundle, verdict: Verdict) -> None:
    """Leave what a monitor asks for in the state folder."""
    judged = remembered(state, champion)[-1:]
    # Without a zone it is UTC, as everywhere in the log.
    ends = [datetime.fromisoformat(prediction_log.stamp(datetime.fromisoformat(item["until"]))) for item in judged]
    alarmed = sum(len(item["alarmed"]) for item in judged)
    drift_metrics.write(state, datetime.now(UTC), verdict.decision, verdict.details["rows"], alarmed, *ends)


def of_champion(log: pd.DataFrame, champion: Bundle) -> pd.DataFrame:
    """Return what the champion's own bundle answered.

    Raises EvidenceError when everything in the log is another's: its profile is no reference for that.
    """
    own = log[log["bundle"] == champion.digest]
    if own.empty and not log.empty:
        others = ", ".join(str(digest)[:12] for digest in log["bundle"].unique()[:3])
        raise EvidenceError(
            f"The window holds {len(log):,} predictions, none of them by the champion {champion.version} "
            f"({champion.digest[:12]}): they are by the bundle {others}. Does the champion serve?"
        )
    # What its fallback answered is not what the model says of the world, nor do testers ask as the world does.
    return own[~own["fallback"].astype(bool) & ~own["tester"].astype(bool)].reset_index(drop=True)


def performance(config: Config, found: Workload, champion: Bundle, log: pd.DataFrame, key: str = "") -> Estimate | None:
    """Return the champion's metric on the logged rows whose label has come since, or None while there are too few."""
    identity = champion.contract.named("id")
    if identity is None or log.empty or log["id"].isna().all():
        return None
    rows = holdout.labelled(found.load(None, None), found.contract)
    veil = recorder.veil(champion.contract, key)
    names = [veil.value(identity, text) for text in rows[identity].astype(str)]
    rows = rows.set_index(pd.Index(names, dtype=object))
    known = log[log["id"].isin(rows.index)].reset_index(drop=True)
    if len(known) < config.drift.minimum_rows:
        return None
    truth = found.truth(rows.loc[known["id"]].reset_index(drop=True))
    if len(truth.levels) < 2:
        return None
    return metrics.estimate(config.gate.metric, truth, prediction_log.predictions(known))


def remembered(state: Path, champion: Bundle) -> list[dict[str, Any]]:
    """Return the windows that were judged against this champion, oldest first. Raises EvidenceError if it cannot."""
    path = state / WINDOWS
    if not path.exists():
        return []
    try:
        lines = [json.loads(line) for line in files.read_lines(path, "list of drift windows")]
        return [line for line in lines if line["bundle"] == champion.digest]
    except (ValueError, TypeError, LookupError) as error:
        raise EvidenceError(f"The list of drift windows {path} is broken ({error!r}): restore or remove it.") from error


def _remember(state: Path, champion: Bundle, begin: datetime | None, end: datetime, alarmed: list[str]) -> None:
    since = begin.isoformat() if begin else None
    entry = {"bundle": champion.digest, "since": since, "until": end.isoformat(), "alarmed": alarmed}
    files.append_line(state / WINDOWS, json.dumps(entry))
