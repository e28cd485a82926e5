"""Data quality: what the schema forbids, and too few rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from gatehouse.knobs import Count, Looser, knobs
from gatehouse.verdicts import Check, Decision


@knobs
class Knobs:
    """Fewer rows than `minimum_rows` are no basis for training."""

    minimum_rows: Annotated[Count, Looser("lower")] = 1000


@dataclass(frozen=True)
class Failure:
    """One way in which the data breaks its schema: where, what was expected, and how many rows do not keep to it.

    `allowed` is the number of rows that may break the rule. `examples` stays empty for sensitive columns.
    """

    column: str
    rule: str
    expected: str
    rows: int
    allowed: int = 0
    examples: tuple[str, ...] = ()


def judge(failures: Sequence[Failure], rows: int, knobs: Knobs) -> list[Check]:
    """Return one check for the number of rows and one for every failure, or one that says there is none.

    Data without any row is an error: there is nothing to judge.
    """
    checks = [enough(rows, knobs)]
    checks += [refused(failure, rows) for failure in failures]
    if not failures and rows:
        checks.append(Check("schema", Decision.PROMOTE, f"All {rows:,} rows are what the schema says.", 0, 0, n=rows))
    return checks


def enough(rows: int, knobs: Knobs) -> Check:
    """Tell whether there are rows enough to train on."""
    limit = knobs.minimum_rows
    if rows == 0:
        why = "There is not one row. Look at the source of the data, and at the window that was asked for."
        return Check("rows", Decision.ERROR, why, rows, limit, n=rows)
    if rows < limit:
        why = f"There are {rows:,} rows; [validate] minimum_rows asks for {limit:,}."
        return Check("rows", Decision.REJECT, why, rows, limit, n=rows)
    return Check(
        "rows", Decision.PROMOTE, f"There are {rows:,} rows; at least {limit:,} are needed.", rows, limit, n=rows
    )


def refused(failure: Failure, rows: int) -> Check:
    """Return the check that rejects one failure, in one sentence that a person can act on."""
    name = f"{failure.column}: {failure.rule}"
    return Check(name, Decision.REJECT, sentence(failure, rows), failure.rows, failure.allowed, n=rows,
                 details=asdict(failure))  # fmt: skip


def sentence(failure: Failure, rows: int) -> str:
    """Say what was expected, how many of `rows` broke it, and what they held instead."""
    if failure.rule == "column":
        return f"'{failure.column}' {failure.expected}."
    broke = f"{failure.rows:,} of {rows:,} rows are not" if failure.rows < rows else "no row is"
    allowed = f", and {failure.allowed:,} may be so" if failure.allowed else ""
    examples = f", for example {', '.join(failure.examples)}" if failure.examples else ""
    return f"'{failure.column}' should be {failure.expected}: {broke}{allowed}{examples}."
