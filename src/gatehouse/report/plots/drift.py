"""Each feature's drift, relative to the floor from which on it counts as large."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks
from gatehouse.report.svg import INK, MUTED, PAPER, REJECT

TITLE = "Drift of each feature"
# So that the floor's line does not run through a number.
HALO = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
LONGEST_BAR = 6.0  # a longer one is cut, or it would make all others invisible; its number stands beside it


def chart(name: str, rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw one bar a test. A row has feature, test, effect, floor and alarmed."""
    shown = sorted(rows, key=lambda row: (bool(row.get("alarmed")), ratio(row)), reverse=True)[: marks.MOST_ROWS]
    with svg.settings():
        figure, (axes,) = svg.panels([0.7 + 0.25 * len(shown)])
        for place, row in enumerate(shown):
            alarmed, length = bool(row.get("alarmed")), min(ratio(row), LONGEST_BAR)
            axes.barh(place, length, 0.62, color=REJECT if alarmed else MUTED, alpha=1 if alarmed else 0.45, lw=0)
            more = "  drifted" if alarmed else ""
            words = f"{wording.number(row['effect'])}{more}"
            marks.note(axes, words, (length, place), (5, 0), va="center", color=INK if alarmed else MUTED, bbox=HALO)
        marks.limit_up(axes, 1, "floor")
        marks.names_down(axes, [f"{row.get('feature')} · {row.get('test')}" for row in shown])
        axes.set_xlim(0, max(1.4, *[min(ratio(row), LONGEST_BAR) for row in shown]) * 1.15)
        axes.set_xlabel("effect, in multiples of its floor" + marks.left_out(len(rows)))
        return svg.render(figure, name, TITLE, describe(rows))


def ratio(row: Mapping[str, Any]) -> float:
    """Return the effect in multiples of its floor."""
    return float(row["effect"]) / float(row["floor"])


def describe(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what drifted."""
    alarmed = list(dict.fromkeys(wording.value(row.get("feature")) for row in rows if row.get("alarmed")))
    drifted = f"Drifted: {', '.join(alarmed)}." if alarmed else "Nothing drifted."
    return f"{len(rows)} tests. {drifted} What drifted is both large and significant."
