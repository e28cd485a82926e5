"""Send test traffic to a running model, as many requests a second as asked for, and count what fails.

Examples:
  scripts/send_traffic.py --url http://127.0.0.1:8000 --rate 50 --seconds 60
  scripts/send_traffic.py --url http://127.0.0.1:8000 --rows rows.jsonl
"""

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse import config as settings
from gatehouse import files, workload
from gatehouse.config import Config
from gatehouse.errors import DataError
from gatehouse.serving import requests
from gatehouse.stages import judgement
from gatehouse.stages.traffic import Answer, Traffic
from gatehouse.verdicts import Check, Decision, Verdict

# More than a rehearsal repeats within its time, and little enough to be held as objects.
MOST_ROWS = 20_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--url", required=True, help="where the model is reached")
    parser.add_argument("--rows", type=Path, help="rows as JSON lines (default: the workload's own)")
    parser.add_argument("--since", type=settings.position, help="first of the workload's rows, a date or a number")
    parser.add_argument("--until", type=settings.position, help="where the workload's rows end")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Send what the command line asks for; a request that fails is a reject."""
    rows = _read(args.rows) if args.rows else of_workload(config, args.since, args.until)
    return run(args.url, rows, args.rate, args.seconds)


def run(url: str, rows: Sequence[Mapping[str, Any]], rate: float, seconds: float) -> Verdict:
    """Send the rows over and over, and judge whether every request was answered."""
    wanted = max(1, round(rate * seconds))
    with Traffic(url, itertools.islice(itertools.cycle(rows), wanted), rate) as traffic:
        traffic.wait()
    return judgement.make("send_traffic", [_judge(traffic.answers)], details={"versions": _versions(traffic.answers)})


def _judge(answers: Sequence[Answer]) -> Check:
    failed = [answer for answer in answers if not answer.ok]
    counts = ", ".join(f"version {name}: {n}" for name, n in sorted(_versions(answers).items()))
    first = f" The first: {failed[0].status or 'no answer'}, {failed[0].error}" if failed else ""
    why = f"{len(failed)} of {len(answers)} requests failed ({counts or 'no version answered'}).{first}"
    decision = Decision.REJECT if failed else Decision.PROMOTE
    return Check("no request failed", decision, why, observed=float(len(failed)), limit=0.0, n=len(answers))


def _versions(answers: Sequence[Answer]) -> dict[str, int]:
    return dict(Counter(answer.version for answer in answers if answer.version is not None))


def _read(path: Path) -> list[dict[str, Any]]:
    lines = files.read_lines(path, "file of rows")
    try:
        rows = [dict(json.loads(line)) for line in lines if line.strip()]
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} does not hold one JSON object a line: {error}.") from error
    if not rows:
        raise DataError(f"{path} holds no rows. Write one JSON object a line.")
    return rows


def of_workload(config: Config, since: settings.Since, until: settings.Since) -> list[dict[str, Any]]:
    """Return the workload's rows as a client sends them. Raises DataError when there are none."""
    found = workload.of(config)
    rows = requests.payload(found.load(since, until).head(MOST_ROWS), found.contract)
    if not rows:
        raise DataError(f"The workload has no rows from {since} until {until}.")
    return rows
