"""What was found in one column of a window, before and after the tests of all columns are adjusted together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from scipy import stats

from gatehouse.drift.knobs import Knobs

Role = Literal["input", "output"]


@dataclass(frozen=True)
class Bins:
    """What a report draws: labels of bins or levels, and the shares of reference and window in them."""

    labels: tuple[str, ...] = ()
    reference: tuple[float, ...] = ()
    window: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One column: its test with the effect and the floor of it, its missing values, and its new levels.

    `p` is None where there was no distribution to test; `q` and `missing_q` are adjusted for all tests.
    `psi_p` is that of "PSI is at most its floor".
    """

    name: str
    role: Role
    test: str
    n: int
    statistic: float | None = None
    p: float | None = None
    q: float | None = None
    effect: float | None = None
    floor: float | None = None
    psi: float | None = None
    psi_p: float | None = None
    kl: float | None = None
    js: float | None = None
    missing_reference: float = 0.0
    missing_window: float = 0.0
    missing_p: float = 1.0
    missing_q: float = 1.0
    new_levels: tuple[str, ...] = ()
    new_share: float = 0.0
    new_lower: float = 0.0
    drifted: bool = False
    missing_alarmed: bool = False
    broken: str = ""
    alarmed: bool = False
    confirmed: bool = False
    bins: Bins = field(default_factory=Bins)


def rows(finding: Finding, knobs: Knobs) -> list[dict[str, Any]]:
    """Return the table's rows for a column, JSON-ready: that of its distribution, and one for each other alarm."""
    values = asdict(finding)
    main = {"feature": values.pop("name"), **values, "alarmed": finding.drifted}
    change = abs(finding.missing_window - finding.missing_reference)
    found = [main]
    if finding.missing_alarmed:
        about = {"p": finding.missing_p, "q": finding.missing_q, "effect": change, "floor": knobs.missing_effect}
        found.append({**main, "test": "missing", **about, "alarmed": True})
    if finding.new_lower > knobs.new_levels:
        share = {"effect": finding.new_lower, "floor": knobs.new_levels}
        found.append({**main, "test": "new levels", "p": None, "q": None, **share, "alarmed": True})
    return found


def adjust(findings: Sequence[Finding], knobs: Knobs) -> list[Finding]:
    """Adjust all p-values together (Benjamini & Hochberg 1995), then say which columns drifted or broke."""
    tests = [p for finding in findings for p in (finding.p, finding.missing_p) if p is not None]
    adjusted = iter(stats.false_discovery_control(tests).tolist())
    found = []
    for finding in findings:
        q = next(adjusted) if finding.p is not None else None
        found.append(_alarm(replace(finding, q=q, missing_q=next(adjusted)), knobs))
    return found


def _alarm(finding: Finding, knobs: Knobs) -> Finding:
    """Significant and larger than the floor: only both together are an alarm."""
    effect, floor, psi_p = finding.effect or 0.0, finding.floor or 0.0, finding.psi_p
    large = effect >= floor or (finding.test == "ks" and psi_p is not None and psi_p <= knobs.q)
    drifted = finding.q is not None and finding.q <= knobs.q and large
    change = finding.missing_window - finding.missing_reference
    # Nothing left at all is an alarm even where little was there before.
    large = abs(change) >= knobs.missing_effect or finding.missing_window == 1.0
    changed = finding.missing_q <= knobs.q and large
    broken = _broken(finding, changed and change > 0, knobs)
    alarmed = bool(drifted or changed or broken)
    return replace(finding, drifted=drifted, missing_alarmed=changed, broken=broken, alarmed=alarmed)


def _broken(finding: Finding, spiked: bool, knobs: Knobs) -> str:
    """Say in what way the data is broken, which is no drift and needs no second window; empty if it is not."""
    if spiked:
        share = "all" if finding.missing_window == 1.0 else f"{finding.missing_window:.1%}"
        return f"{share} missing, {finding.missing_reference:.1%} in the reference"
    if finding.new_lower > knobs.new_levels:
        return f"new levels {', '.join(finding.new_levels[:3])} in {finding.new_share:.1%} of the rows"
    return ""
