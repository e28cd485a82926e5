"""Every gap between groups, with its interval, against its limit."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks
from gatehouse.report.svg import ACCENT, MUTED, PAPER, REJECT

TITLE = "Gaps between groups"


def chart(name: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw one dot a gap. A row has name, gap, low, high, limit (None: reported only) and refused."""
    shown = sorted(rows, key=lambda row: (row["limit"] is None, -row["gap"]))[: marks.MOST_ROWS]
    with svg.settings():
        figure, (axes,) = svg.panels([0.7 + 0.3 * len(shown)])
        for place, row in enumerate(shown):
            colour = REJECT if row["refused"] else MUTED if row["limit"] is None else ACCENT
            axes.plot([row["low"], row["high"]], [place, place], color=colour, lw=2.4, solid_capstyle="butt")
            axes.plot([row["gap"]], [place], "o", mfc=colour, mec=PAPER, ms=7.5, mew=1.4)
            if row["limit"] is not None:
                axes.plot([row["limit"]], [place], "|", color=REJECT, ms=18, mew=1.6)
        marks.names_down(axes, [row["name"] for row in shown])
        axes.set_xlim(left=0)
        axes.set_xlabel(
            "largest difference between two groups (to the left: fairer; red bar: limit)" + marks.left_out(len(rows))
        )
        return svg.render(figure, name, TITLE, describe(rows))


def describe(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which gap is the largest and which were refused."""
    limited = [row for row in rows if row["limit"] is not None]
    refused = [wording.value(row["name"]) for row in rows if row["refused"]]
    words = [f"{len(limited)} of {len(rows)} gaps have a limit."]
    if limited:
        widest = max(limited, key=lambda row: float(row["gap"]))
        interval = wording.interval((widest["low"], widest["high"]))
        words.append(f"The largest is {wording.value(widest['name'])} with {widest['gap']:.4g}, interval {interval}.")
    return " ".join([*words, f"Refused: {', '.join(refused)}." if refused else "None is refused."])
