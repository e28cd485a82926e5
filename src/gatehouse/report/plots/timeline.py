"""A rollout over time: the canary's share of the traffic, and its errors, latency and evidence against their limits."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from gatehouse.canary.state import Phase
from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks
from gatehouse.report.svg import ACCENT, MUTED, REJECT

Points = Sequence[Mapping[str, Any]]
TITLE = "The rollout over time"


def chart(name: str, points: Points, limits: Mapping[str, Any]) -> Chart:
    """Draw points of t (seconds), weight (percent), error_rate (a share), p95_ms and odds_worse, in the order of time.

    `limits` may have error_rate, latency_p95_ms and odds_worse.
    """
    unit, seconds = unit_of(points[-1]["t"] - points[0]["t"])
    times = [(point["t"] - points[0]["t"]) / seconds for point in points]
    with svg.settings():
        figure, (weight, errors, latency, evidence) = svg.panels([1.5, 1.25, 1.25, 1.25])
        draw_weight(weight, times, numbers(points, "weight"))
        draw_copies(weight, times, points)
        draw_watched(errors, times, numbers(points, "error_rate"), limits.get("error_rate"))
        errors.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        marks.heading(errors, "The canary's error rate")
        draw_watched(latency, times, numbers(points, "p95_ms"), limits.get("latency_p95_ms"))
        marks.heading(latency, "The canary's p95 latency in ms")
        draw_odds(evidence, times, numbers(points, "odds_worse"), limits.get("odds_worse"))
        marks.heading(evidence, "The odds that the canary is worse than the stable version, to 1")
        evidence.set_xlim(0, max(times[-1], 1e-9))
        evidence.set_xlabel(f"{unit} since the start")
        return svg.render(figure, name, TITLE, describe(points))


def describe(points: Points) -> str:
    """Say which weights it went through, and what the canary answered."""
    weights = [point.get("weight") for point in points]
    steps = [weight for place, weight in enumerate(weights) if place == 0 or weight != weights[place - 1]]
    last = points[-1]
    copied = any(point.get("phase") == Phase.SHADOWING for point in points)
    copies = " First it got copies of requests only." if copied else ""
    return (
        f"Weights in percent: {', '.join(map(wording.number, steps))}, over "
        f"{wording.number(last['t'] - points[0]['t'])} seconds. The canary answered "
        f"{wording.number(last.get('requests'))} requests; {wording.number(last.get('errors'))} of them failed.{copies}"
    )


def unit_of(span: float) -> tuple[str, int]:
    """Return the unit in which a span of seconds is read best, and its seconds."""
    return ("seconds", 1) if span < 300 else ("minutes", 60) if span < 7200 else ("hours", 3600)


def numbers(points: Points, key: str) -> list[float]:
    """Return the numbers under a key; what is not known leaves a gap."""
    return [math.nan if point.get(key) is None else float(point[key]) for point in points]


def draw_weight(axes: Axes, times: list[float], weights: list[float]) -> None:
    """Draw the share of the traffic as steps, since it stays until it is changed."""
    axes.fill_between(times, weights, step="post", color=ACCENT, alpha=0.15, lw=0)
    axes.step(times, weights, where="post", color=ACCENT, lw=2)
    axes.set(ylim=(0, 108), yticks=[0, 25, 50, 100])
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    end = next((place for place in range(1, len(weights)) if weights[place - 1] > weights[place] == 0), 0)
    if end:
        marks.note(axes, "rolled back", (times[end], min(weights[end - 1], 80)), (0, 4), ha="right", color=REJECT)
    marks.heading(axes, "Traffic that the canary gets")


def draw_copies(axes: Axes, times: list[float], points: Points) -> None:
    """Mark the time in which a shadow got copies of requests, and no traffic."""
    copied = [time for time, point in zip(times, points, strict=True) if point.get("phase") == Phase.SHADOWING]
    if copied:
        axes.axvspan(copied[0], copied[-1], color=MUTED, alpha=0.15, lw=0)
        marks.note(axes, "copies only", (copied[0], 80), (4, 0), color=MUTED)


def draw_odds(axes: Axes, times: list[float], odds: list[float], limit: float | None) -> None:
    """Draw odds as factors, none below 1 to 1: what speaks for the canary is no evidence against it."""
    draw_watched(axes, times, [max(value, 1.0) for value in odds], limit)
    known = [value for value in odds if math.isfinite(value)]
    axes.set_yscale("log")
    axes.set_ylim(0.8, 4 * max([*known, limit or 1.0]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def draw_watched(axes: Axes, times: list[float], values: list[float], limit: float | None) -> None:
    """Draw what must stay below its limit; the points above it stand out."""
    axes.plot(times, values, color=ACCENT, lw=1.8, marker="o", ms=3, clip_on=False)
    known = [value for value in values if math.isfinite(value)]
    if not known:
        marks.note(axes, "not measured", (0.5, 0.5), (0, 0), "axes fraction", "axes fraction", ha="center", color=MUTED)
    if limit is not None:
        axes.plot(
            times, [value if value > limit else math.nan for value in values], "D", color=REJECT, ms=5, clip_on=False
        )
        marks.limit_across(axes, limit, "limit")
    axes.set_ylim(0, max([*known, limit or 0.0]) * 1.3 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(3))
