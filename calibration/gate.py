"""The table of the model gate: quality, releases one after another, and slices."""

from calibration import draws, quality, releases, slices
from calibration.scenarios import Grid, Table, Totals
from gatehouse.gates import interval
from gatehouse.gates.quality import Knobs

DELTAS = (0.01, 0.02, 0.03)

WORLD = f"""
Unless a row says otherwise: {quality.ROWS:,} rows, {draws.PREVALENCE:.0%} positives, F1 {draws.F1:g},
δ = {quality.DELTA:g}. Labels and answers are drawn, and judged by `gates.quality`, `gates.anchor` and `gates.slices`.
What a model makes of a row is normal, with a correlation of {draws.CORRELATION:g} between any two models; a row is
called positive below a threshold for positives, and below another for negatives, such that precision, recall and F1
are all the F1 asked for.

In a sequence of 24 releases each candidate is better than the champion of its own line by N(∓.003, .006), and is judged
on rows of its own. With the anchor it must be promoted against the champion and against the anchor, with the same δ;
the anchor is the first model until a release finds a later champion proven better (lower bound above 0).
"""


def resolutions(totals: Totals) -> Grid:
    """Tell σ, and the rows that promote an equal model 80 % of the time, for each share of positives."""
    header = ("positives", "σ of one row's difference", *(f"rows for δ = {delta:g}" for delta in DELTAS))
    lines = [header]
    for prevalence in quality.PREVALENCES:
        found = [totals[quality.resolving(prevalence, alike)].mean("sigma") for alike in quality.CORRELATIONS]
        rows = ["–".join(f"{needed(sigma, delta):,}" for sigma in reversed(found)) for delta in DELTAS]
        lines.append((f"{prevalence:.0%}", "–".join(f"{sigma:.2f}" for sigma in reversed(found)), *rows))
    alike = " and ".join(f"{correlation:g}" for correlation in quality.CORRELATIONS)
    return Grid(f"Rows for 80 % promotion of an equal model, (2.49 σ/δ)²; correlations of {alike}", tuple(lines))


def needed(sigma: float, delta: float) -> int:
    """Return the rows that resolve `delta`, in hundreds."""
    rows = interval.rows_to_settle(sigma, 1, Knobs().confidence, delta) or 0
    return round(rows, -2)


TABLE = Table(
    "Model gate",
    WORLD,
    quality.SCENARIOS + releases.SCENARIOS + slices.SCENARIOS,
    quality.TABLE[:3] + releases.TABLE[:1] + slices.TABLE + quality.TABLE[3:] + releases.TABLE[1:],
    resolutions,
)
