"""Faults of the data: what the schema forbids, files that cannot be read, and labels that teach nothing."""

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, settings

from gatehouse import workload
from gatehouse.config import Config, Window
from gatehouse.stages import check_workload, train, validate_data
from gatehouse.verdicts import Decision, Verdict

ERROR, REJECT = Decision.ERROR, Decision.REJECT


def validated(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> Judge:
    """Return what validates the workload's rows after a change."""
    return lambda shop: validate_data.run(shop.config, shop.found, change(shop.rows.copy()))


def read(content: bytes, name: str = "rows.csv") -> Judge:
    """Return what validates a file with this content."""
    return lambda shop: from_file(shop, shop.text(content, name))


def from_file(shop: Workshop, path: Path) -> Verdict:
    """Validate a file, as `--rows` does."""
    run = lambda: validate_data.run(shop.config, shop.found, validate_data.read(path, shop.found.contract))  # noqa: E731
    return attempt("validate_data", run)


def sound_file(shop: Workshop) -> Verdict:
    """Validate a file of sound rows."""
    path = shop.new("rows.csv.gz")
    shop.rows.to_csv(path, index=False)
    return from_file(shop, path)


def cut_file(shop: Workshop) -> Verdict:
    """Validate a compressed file whose second half never arrived."""
    whole = gzip.compress(shop.rows.to_csv(index=False).encode())
    return from_file(shop, shop.text(whole[: len(whole) // 2], "rows.csv.gz"))


def placed(column: str, value: object, rows: int = 5) -> Judge:
    """Return what validates rows of which the first ones hold another value."""
    return validated(lambda table: spoiled(table, column, value, rows))


def spoiled(table: pd.DataFrame, column: str, value: object, rows: int) -> pd.DataFrame:
    """Return a table with a value in the first rows of a column."""
    values = table[column].astype(object)
    values.iloc[:rows] = value
    return table.assign(**{column: values if isinstance(value, str) else values.astype(float)})


def payments(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> Judge:
    """Return what validates a month of the example's payments after a change; they have categories and gaps."""

    def judge(shop: Workshop) -> Verdict:
        found = workload.of(Config())
        rows = found.load(pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01"))
        return validate_data.run(Config(), found, change(rows))

    return judge


def trained(load: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows, **holdout: float) -> Judge:
    """Return what trains on the workload's rows after a change, or with another holdout."""

    def judge(shop: Workshop) -> Verdict:
        found = replace(shop.found, load=lambda since, until: load(shop.found.load(since, until)))
        config = settings(shop.crowned, "holdout", **holdout)
        return attempt("train", lambda: train.run(config, found, Window(), shop.new("bundle")))

    return judge


def broken_loader(shop: Workshop) -> Verdict:
    """Train on a package whose loader finds no file."""
    sound = Path(str(import_module("workloads.sklearn_binary").__file__)).parent
    package = Path(shutil.copytree(sound, shop.new("lost")))
    (package / "data.py").write_text("def load(since, until):\n    return open('lost.csv')\n")
    found = workload.find("lost", str(package.parent))
    return attempt("train", lambda: train.run(shop.crowned, found, Window(), shop.new("bundle")))


def tried(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows) -> Judge:
    """Return what tries the workload with rows that were changed."""

    def judge(shop: Workshop) -> Verdict:
        found = replace(shop.found, load=lambda since, until: change(shop.found.load(since, until)))
        return check_workload.run(shop.crowned, found, 200)

    return judge


def unordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in another order every time."""
    return rows.sample(frac=1, random_state=np.random.default_rng())


VALIDATED = validated()
PAYMENTS = payments()
TRAINED = trained()
TRIED = tried()


def refusal(name: str, planted: str, check: str, says: str, bad: Judge, good: Judge | None = None) -> Fault:
    """Return a fault that the schema's check must reject."""
    return Fault(name, planted, "validate_data", check, REJECT, says, bad, good or VALIDATED, "schema")


def unreadable(name: str, planted: str, says: str, bad: Judge) -> Fault:
    """Return a fault of a file, on which no judgement is possible."""
    return Fault(name, planted, "validate_data", "validate_data", ERROR, says, bad, sound_file)


FAULTS = [
    refusal("renamed column", "'mean area' comes as 'area'", "mean area: column", "'area' is, and may be its new name",
            validated(lambda rows: rows.rename(columns={"mean area": "area"}))),
    refusal("unknown column", "a column that the schema does not know", "extra: column", "does not know it",
            validated(lambda rows: rows.assign(extra=1.0))),
    refusal("column twice", "'mean area' stands in the table twice", "mean area: column", "more than once",
            validated(lambda rows: pd.concat([rows, rows[["mean area"]]], axis=1))),
    refusal("wrong type", "words where numbers belong", "mean area: type", "should be numbers",
            placed("mean area", "large")),
    refusal("out of range", "negative lengths", "mean radius: greater_than_or_equal_to", "at least 0",
            placed("mean radius", -3.0)),
    refusal("values missing", "gaps in a column that may have none", "mean area: missing", "there in every row",
            placed("mean area", np.nan)),
    refusal("infinite values", "infinity in place of numbers", "mean area: missing", "there in every row",
            placed("mean area", np.inf)),
    refusal("labels missing", "rows whose label nobody knows", "benign: missing", "there in every row",
            placed("benign", np.nan)),
    refusal("duplicate ids", "every row twice", "row: unique", "different in every row",
            validated(lambda rows: pd.concat([rows, rows], ignore_index=True))),
    refusal("unknown category", "a country that the schema does not list", "country: isin", "one of DE",
            payments(lambda rows: rows.assign(country=rows["country"].where(rows.index > 9, "XX"))), PAYMENTS),
    refusal("too many missing", "half of a column missing of which a fifth may be", "distance_km: missing",
            "at least 80% of the rows",
            payments(lambda rows: rows.assign(distance_km=rows["distance_km"].where(rows.index % 2 == 0))), PAYMENTS),
    Fault("too few rows", "forty rows of what should be thousands", "validate_data", "rows", REJECT, "40 rows",
          validated(lambda rows: rows.head(40)), VALIDATED),
    Fault("no rows", "a file with a header and nothing else", "validate_data", "rows", ERROR, "not one row",
          validated(lambda rows: rows.head(0)), VALIDATED),
    unreadable("empty file", "a file of no bytes", "cannot be read as CSV", read(b"")),
    unreadable("truncated file", "a compressed file that ends in the middle", "cannot be read as CSV", cut_file),
    unreadable("no text", "a file of bytes that are no text", "cannot be read as CSV", read(bytes(range(128, 256)))),
    unreadable("no file", "a path at which nothing lies", "There is no file",
               lambda shop: from_file(shop, shop.new("absent.csv"))),
    Fault("broken loader", "a loader that raises", "train", "train", ERROR, "lost.csv",
          broken_loader, TRAINED),
    Fault("empty holdout", "a holdout so small that no row is in it", "train", "train", ERROR, "0 held out",
          trained(share=1e-9), TRAINED),
    Fault("no training rows", "a holdout that holds every row", "train", "train", ERROR, "0 to train on",
          trained(share=1 - 1e-9), TRAINED),
    Fault("one class to train on", "labels that are all the same", "train", "train", ERROR, "cannot be fitted",
          trained(lambda rows: rows.assign(benign=1)), TRAINED),
    Fault("one class in all data", "labels that are all the same", "check_workload", "labels", REJECT,
          "1 different labels", tried(lambda rows: rows.assign(benign=1)), TRIED),
    Fault("unstable order", "a loader that gives another order every time", "check_workload", "repeatable", REJECT,
          "another order", tried(unordered), TRIED),
]  # fmt: skip
