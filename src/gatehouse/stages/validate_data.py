"""Hold data against the schema: all that is wrong with it at once, in one table.

Examples:
  scripts/validate_data.py
  scripts/validate_data.py --window sliding                        (the newest rows, before a retraining)
  scripts/validate_data.py --since 2026-07-01 --until 2026-08-01
  scripts/validate_data.py --rows new.csv.gz
"""

import argparse
from pathlib import Path

import pandas as pd

from gatehouse import holdout, workload
from gatehouse.config import Config, Window, position
from gatehouse.contract import Column, Contract
from gatehouse.errors import DataError
from gatehouse.gates import data
from gatehouse.stages import judgement, schema_failures, train
from gatehouse.verdicts import Subject, Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument(
        "--window", choices=("full", "sliding"), default="full", help="[data], or its newest rows, as for train"
    )
    parser.add_argument("--since", type=position, help="first row or day (default: [data] since)")
    parser.add_argument("--until", type=position, help="row or day after the last (default: [data] until)")
    parser.add_argument("--rows", type=Path, help="a CSV file, plain or .gz, in place of what the workload loads")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Validate the window of the command line, or else of the settings, or a file."""
    found = workload.of(config)
    if args.rows is not None:
        return run(config, found, read(args.rows, found.contract))
    window = train.asked(config, found, args)
    return run(config, found, found.load(window.since, window.until), window)


def run(config: Config, found: Workload, rows: pd.DataFrame, window: Window | None = None) -> Verdict:
    """Judge `rows`; the verdict's data hash is that of the labelled rows, as in training, when all is well."""
    failures = schema_failures.find(rows, found.schema, found.contract)
    checks = data.judge(failures, len(rows), config.validate)
    until = window.until if window else None
    judged = rows if failures else holdout.labelled(rows, found.contract, until)
    subject = Subject(commit=judgement.commit(), data_hash=holdout.fingerprint(judged))
    details = {"failures": [check.details for check in checks if check.details], "rows": len(rows)}
    return judgement.make("validate_data", checks, subject=subject, details=details)


def read(path: Path, contract: Contract) -> pd.DataFrame:
    """Read a CSV file with the types that the contract asks for, where they can be had.

    What cannot be read as its type stays as it is, for the schema to name. Raises DataError when it is no CSV.
    """
    text = {column.name: str for column in contract.columns if column.kind == "category"}
    try:
        rows = pd.read_csv(path, dtype=text)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except Exception as error:  # whatever a broken file makes the decompressor or the parser raise
        raise DataError(f"{path} cannot be read as CSV: {type(error).__name__}: {error}") from error
    present = [column for column in contract.columns if column.name in rows.columns]
    return rows.assign(**{column.name: _typed(rows[column.name], column) for column in present})


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "number" and pd.api.types.is_integer_dtype(values):
        return values.astype(float)
    if column.kind != "time":
        return values
    try:
        return pd.to_datetime(values, format="ISO8601")
    except (ValueError, TypeError):
        return values
