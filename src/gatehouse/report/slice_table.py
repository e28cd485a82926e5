"""The table of slices, the worst first: what was lost there, on how many rows, and how likely that is by chance."""

from collections.abc import Sequence

from gatehouse.report import tables, wording
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check, Decision

# What the details of a check hold that looks at one slice.
KEYS = ("column", "level", "measure", "drop")
HEADER = ("slice", "rows", "measure", "champion", "candidate", "change", "limit", "p")
NOTE = (
    "A change above 0 is an improvement. A slice is refused for a loss beyond the limit that is no chance; p is "
    "corrected for the number of slices. One that is not judged has too few rows to tell."
)


def fits(check: Check) -> bool:
    """Tell whether a check looks at one slice."""
    return None not in map(check.details.get, KEYS)


def sums_up(check: Check) -> bool:
    """Tell whether a check is the one that counts the slices."""
    return check.name == "slices"


def badness(check: Check) -> tuple[bool, bool, float]:
    """Return what orders slices: the refused first, then the largest loss; those that were not judged come last."""
    return check.advisory, check.decision == Decision.PROMOTE, -float(check.details["drop"])


def make(checks: Sequence[Check], counts: Sequence[Check], said: str) -> Table:
    """Return one row a slice, under what `counts` say of all; `said` is the sentence that needs not be said again."""
    ordered = sorted(checks, key=badness)
    words = ["not judged" if unjudged(check) else str(check.decision) for check in ordered]
    whys = ["" if unjudged(check) else tables.unsaid(check, said) for check in ordered]
    numeric = (False, True, False, *[True] * 5)
    rows, lead = list(map(row, ordered)), " ".join(check.why for check in counts if check.why != said)
    return tables.judged("Slices, worst first", HEADER, numeric, rows, ordered, whys, words, NOTE, lead)


def unjudged(check: Check) -> bool:
    """Tell whether a slice had too few rows to be judged."""
    return check.advisory and check.decision == Decision.HOLD


def row(check: Check) -> tuple[str, ...]:
    """Return the cells of one slice; its change is above 0 where the candidate is better, as a metric's difference."""
    about = check.details
    return (
        name_of(check),
        wording.number(check.n),
        wording.value(about["measure"]),
        level(about.get("champion")),
        level(about.get("candidate")),
        f"{0.0 - float(about['drop']):+.4f}",
        wording.number(None if check.limit is None else -check.limit),
        wording.chance(about.get("p_adjusted")),
    )


def name_of(check: Check) -> str:
    """Return what a slice is called: by itself, or by its column and level."""
    about = check.details
    return wording.value(about.get("slice") or f"{about['column']}={about['level']}")


def level(value: float | None) -> str:
    """Write a number with as many decimals as those above and below it; large ones need none of them."""
    return wording.number(value) if value is None or abs(value) >= 10 else f"{value:.4f}"
