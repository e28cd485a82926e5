"""The candidate's improvement on the champion, with its interval, against the loss that is tolerated."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from gatehouse.report import metric_table, svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks
from gatehouse.report.svg import ACCENT, INK, LINE, MUTED, PAPER, REJECT


def chart(name: str, found: Mapping[str, Any]) -> Chart:
    """Draw an improvement: `found` has metric, champion, candidate, delta, low, high, limit, resolution and n.

    `delta` is positive where the candidate is better, for a loss too, so that less is worse for every metric.
    """
    metric, other = wording.value(found["metric"]), metric_table.opponent(found)
    title = f"{metric}: the candidate against the {other}"
    description = (
        f"{other.capitalize()} {wording.number(found.get('champion'))}, candidate {wording.number(found['candidate'])}"
        f": a difference of {found['delta']:+.4g}, interval {wording.interval((found['low'], found['high']))}, "
        f"on {wording.number(found.get('n'))} rows. The limit is {wording.number(found['limit'])}. "
        f"{resolved(found)}"
    )
    with svg.settings():
        figure, (axes,) = svg.panels([1.5])
        limit = found["limit"]
        left, _ = span(axes, [found["low"], found["high"], found["delta"], limit, 0.0])
        axes.axvspan(left, limit, color=REJECT, alpha=0.1, lw=0)
        marks.limit_up(axes, limit, f"limit {wording.number(limit)}", align="right")
        axes.axvline(0, color=LINE, lw=1.2, zorder=1)
        marks.note(axes, other, (0, 1), (3, 3), up="axes fraction", ha="left", color=MUTED)
        whisker(axes, found["low"], found["delta"], found["high"], f"{found['delta']:+.4g}")
        axes.set_xlabel(f"improvement of {marks.cut(metric)} (to the right: better)")
        return svg.render(figure, name, title, description)


def resolved(found: Mapping[str, Any]) -> str:
    """Say what these rows could have shown at all."""
    if found.get("resolution") is None:
        return ""
    return f"These rows can rule out losses of {wording.number(found['resolution'])} and more."


def span(axes: Axes, places: list[float]) -> tuple[float, float]:
    """Make room for all places and return the two ends of the axis."""
    room = (max(places) - min(places)) * 0.12 or 0.01
    axes.set(xlim=(min(places) - room, max(places) + room), ylim=(-1, 1.2), yticks=[])
    axes.spines["left"].set_visible(False)
    return min(places) - room, max(places) + room


def whisker(axes: Axes, low: float, point: float, high: float, words: str) -> None:
    """Draw a point in its interval and write its number above it."""
    axes.plot([low, high], [0, 0], color=ACCENT, lw=3, solid_capstyle="butt")
    axes.plot([low, high], [0, 0], "|", color=ACCENT, ms=11, mew=1.6)
    axes.plot([point], [0], "o", color=ACCENT, ms=8.5, mec=PAPER, mew=1.5)
    marks.note(axes, words, (point, 0), (0, 9), ha="center", color=INK, weight="bold", fontsize=9)
