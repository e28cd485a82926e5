"""How long requests take: the share that is answered within a time, the candidate's beside the champion's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.svg import ACCENT, INK, LINE, MUTED, PAPER

# The shares that are compared, and so marked: half of all requests, and 95 of a hundred.
MARKED = {0.5: "median", 0.95: "p95"}
COLOURS = {"champion": MUTED, "candidate": ACCENT}


def chart(name: str, found: Mapping[str, Any]) -> Chart:
    """Draw the times of one kind of request: `found` has kind, levels, candidate and, beside a champion, champion.

    `levels` are shares of the requests, and the others the milliseconds within which such a share was answered.
    """
    times = {who: found[who] for who in COLOURS if who in found}
    title = f"How long {wording.value(found['kind'])} takes"
    with svg.settings():
        figure, (axes,) = svg.panels([2.4])
        axes.set(ylim=(0, 1), yticks=[0, 0.5, 0.95], yticklabels=["0 %", "50 %", "95 %"])
        axes.grid(axis="y", color=LINE, lw=0.6)
        axes.set_axisbelow(True)
        for who, values in times.items():
            draw(axes, who, found["levels"], values)
        axes.set_xlim(left=0)
        axes.set(xlabel="milliseconds (to the left: faster)", ylabel="answered by then")
        axes.legend(frameon=False, loc="lower right", labelcolor=INK)
        return svg.render(figure, name, title, describe(found["levels"], times))


def draw(axes: Axes, who: str, levels: list[float], times: list[float]) -> None:
    """Draw one model's curve, with a dot at every share that is compared."""
    axes.plot(times, levels, color=COLOURS[who], lw=2, label=who)
    for level in MARKED:
        axes.plot([at(level, levels, times)], [level], "o", color=COLOURS[who], ms=7, mec=PAPER, mew=1.4)


def at(level: float, levels: list[float], times: list[float]) -> float:
    """Return the milliseconds within which a share of the requests was answered."""
    return float(np.interp(level, levels, times))


def describe(levels: list[float], times: Mapping[str, list[float]]) -> str:
    """Say the median and the p95 of each."""
    said = []
    for who, taken in times.items():
        marked = [f"{word} {wording.number(at(level, levels, taken))} ms" for level, word in MARKED.items()]
        said.append(f"{who}: {', '.join(marked)}")
    return f"{'; '.join(said).capitalize()}."
