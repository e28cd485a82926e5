"""The table of the gaps between groups, the widest first: between which groups, and against which limit."""

from collections.abc import Sequence

from gatehouse.report import tables, wording
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check, Decision

# What the details of a check hold that measured a gap.
KEYS = ("group_column", "gap", "low", "high")
HEADER = ("groups by", "measure", "widest between", "champion", "candidate", "interval", "limit")
NOTE = (
    "A gap is the largest difference between two groups; without any it is 0. It is refused where it is proven to lie "
    "above its limit, for all pairs of groups at once; its growth is that since the champion. What has no limit is "
    "reported, and blocks nothing."
)


def about(check: Check) -> bool:
    """Tell whether a check looks at gaps between groups."""
    return check.details.get("group_column") is not None


def fits(check: Check) -> bool:
    """Tell whether a check measured a gap, which a plot can show."""
    return None not in map(check.details.get, KEYS)


def badness(check: Check) -> tuple[bool, bool, float]:
    """Return what orders gaps: the refused first, then the widest; those without a limit come last."""
    return check.advisory, check.decision == Decision.PROMOTE, -(check.observed or 0.0)


def make(checks: Sequence[Check], said: str) -> Table:
    """Return one row a gap; `said` is the sentence that needs not be said again."""
    ordered = sorted(checks, key=badness)
    whys = [check.why if unclear(check) and check.why != said else "" for check in ordered]
    rows = list(map(row, ordered))
    numeric = (False, False, False, *[True] * 4)
    return tables.judged("Gaps between groups", HEADER, numeric, rows, ordered, whys, list(map(word, ordered)), NOTE)


def unclear(check: Check) -> bool:
    """Tell whether a row needs a sentence: it is not good, or it looks worse than it is called."""
    beyond = check.observed is not None and check.limit is not None and check.observed > check.limit
    return beyond or check.decision != Decision.PROMOTE


def word(check: Check) -> str:
    """Say a check's decision, or why it blocks nothing."""
    if not check.advisory:
        return str(check.decision)
    return "reported" if check.decision == Decision.PROMOTE else "not judged"


def row(check: Check) -> tuple[str, ...]:
    """Return the cells of one gap, or of its growth."""
    found = check.details
    grown = found.get("new_gap") is not None
    return (
        wording.value(found["group_column"]),
        wording.value(found.get("measure")),
        between(check) if fits(check) else wording.NOTHING,
        size(found.get("old_gap")),
        f"{check.observed:+.4f}" if grown and check.observed is not None else size(check.observed),
        wording.NOTHING if check.interval is None else " to ".join(f"{end:.3f}" for end in check.interval),
        wording.number(check.limit),
    )


def between(check: Check) -> str:
    """Name the group with the highest and the one with the lowest rate, without the column that they share."""
    found = check.details
    high, low = (str(found[end]).removeprefix(f"{found['group_column']}=") for end in ("highest", "lowest"))
    return wording.value(f"{high}, {low} ({found['rate']})")


def size(value: float | None) -> str:
    """Write a gap with as many decimals as those above and below it."""
    return wording.number(value) if value is None else f"{value:.4f}"
