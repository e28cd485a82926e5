"""Every slice's change, so that a loss which the average hides is seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks
from gatehouse.report.svg import ACCENT, LINE, MUTED, PAPER, REJECT

TITLE = "The candidate against the champion, slice by slice"
# Colour and shape of a slice that is refused, fine, or not judged.
REFUSED, FINE, OPEN = (REJECT, "D", REJECT), (ACCENT, "o", ACCENT), (MUTED, "o", PAPER)


def chart(name: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw one dot a slice. A row has slice, measure, change (above 0: better), limit, refused and judged."""
    shown = sorted(rows, key=lambda row: (not row["judged"], row["change"]))[: marks.MOST_ROWS]
    with svg.settings():
        figure, (axes,) = svg.panels([0.7 + 0.25 * len(shown)])
        axes.axvline(0, color=LINE, lw=1.2, zorder=1)
        if shown[0]["limit"] is not None:
            marks.limit_up(axes, shown[0]["limit"], f"limit {wording.number(shown[0]['limit'])}")
        for place, row in enumerate(shown):
            colour, sign, filling = REFUSED if row["refused"] else FINE if row["judged"] else OPEN
            axes.plot([0, row["change"]], [place, place], color=colour, lw=1.6, alpha=0.5)
            axes.plot([row["change"]], [place], sign, mfc=filling, mec=colour, ms=6.5, mew=1.4)
        marks.names_down(axes, [f"{row['slice']} · {row['measure']}" for row in shown])
        axes.margins(x=0.08)
        axes.set_xlabel("change from champion to candidate (to the right: better)" + marks.left_out(len(rows)))
        return svg.render(figure, name, TITLE, describe(rows))


def describe(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which slice is the lowest and which were refused."""
    judged = [row for row in rows if row["judged"]]
    refused = [wording.value(row["slice"]) for row in rows if row["refused"]]
    few = "; the hollow dots have too few" if len(judged) < len(rows) else ""
    words = [f"{len(judged)} of {len(rows)} slices have enough rows to be judged{few}."]
    if judged:
        worst = min(judged, key=lambda row: float(row["change"]))
        words.append(f"The lowest is {wording.value(worst['slice'])} with {worst['change']:+.4g}.")
    return " ".join([*words, f"Refused: {', '.join(refused)}." if refused else "None is refused."])
