"""Try whether a workload keeps to what Gatehouse needs of it: schema, data and model, without training for real.

Run it after every change of src/workload, before the first push.

Examples:
  scripts/check_workload.py
  scripts/check_workload.py --config examples/bank_marketing/gatehouse.toml
"""

import argparse
from collections.abc import Callable, Sequence
from typing import TypeVar

from gatehouse import workload
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.stages import judgement, workload_data, workload_model
from gatehouse.verdicts import Check, Decision, Verdict
from gatehouse.workload import Workload

Subject = TypeVar("Subject")
# A name, what a good workload does, and a function that says what is wrong, or nothing.
Promise = tuple[str, str, Callable[[Subject], str]]

DATA: tuple[Promise[workload_data.Trial], ...] = (
    ("roles", "The schema names a target, a key and features.", workload_data.roles),
    ("schema", "The schema accepts the data.", workload_data.schema),
    ("labels", "The labels are there, and of the classes that the task needs.", workload_data.labels),
    ("repeatable", "Loading twice gives the same rows.", workload_data.repeatable),
    ("order", "The rows are in the order of time.", workload_data.order),
    ("windows", "load keeps to since and until, and two windows make one.", workload_data.windows),
    ("holdout", "Both sides of the holdout have rows.", workload_data.sides),
)
MODEL: tuple[Promise[workload_model.Trial], ...] = (
    ("build", "build() gives an unfitted estimator that can be cloned.", workload_model.unfitted),
    ("answers", "The fitted model answers with finite numbers for the task.", workload_model.answers),
    ("deterministic", "Fitting twice with one seed gives the same model.", workload_model.deterministic),
    ("bundle", "The model comes back from a bundle and answers the same.", workload_model.bundled),
    ("rows alone", "A row's answer depends on no other row.", workload_model.alone),
    ("requests", "Rows that went through JSON get the same answer.", workload_model.requested),
    ("gaps", "The model answers where values are missing that may be.", workload_model.gaps),
    ("metrics", "Metrics of its own, if it has any, measure the model.", workload_model.measured),
    ("new levels", "The model answers for a level that it never saw.", workload_model.new_levels),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--rows", type=int, default=5000, help="train the trial model on so many (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Try the workload that the settings name."""
    return run(config, workload.of(config), args.rows)


def run(config: Config, found: Workload, most: int = 5000) -> Verdict:
    """Judge a workload; its model is tried only when its data is good."""
    rows = found.load(None, None)
    checks = tried(DATA, workload_data.Trial(found, config, rows))
    if all(check.decision == Decision.PROMOTE for check in checks):
        try:
            checks += tried(MODEL, workload_model.prepare(found, config, rows, most))
        except EvidenceError as error:
            checks.append(Check("fit", Decision.REJECT, str(error)))
    return judgement.make("check_workload", checks)


def tried(promises: Sequence[Promise[Subject]], subject: Subject) -> list[Check]:
    """Return one check a promise. Whatever the user's code raises is the reason of a rejection."""
    checks = []
    for name, promise, complaint in promises:
        try:
            wrong = complaint(subject)
        except Exception as error:  # the user's own code runs here
            wrong = f"{promise} It raised {type(error).__name__}: {error}"
        decision = Decision.REJECT if wrong else Decision.PROMOTE
        checks.append(Check(name, decision, wrong or promise))
    return checks
