"""A first model's value, with its interval, against the absolute floor."""

from collections.abc import Mapping
from typing import Any

from gatehouse.report import svg, wording
from gatehouse.report.chart import Chart
from gatehouse.report.plots import marks, quality
from gatehouse.report.svg import REJECT


def chart(name: str, found: Mapping[str, Any]) -> Chart:
    """Draw a value: `found` has metric, candidate, low, high, limit, higher_is_better and n."""
    metric = wording.value(found["metric"])
    title = f"{metric}: the first model against the floor"
    description = (
        f"{metric} is {wording.number(found['candidate'])}, interval "
        f"{wording.interval((found['low'], found['high']))}, on {wording.number(found.get('n'))} rows. "
        f"The floor is {wording.number(found['limit'])}."
    )
    with svg.settings():
        figure, (axes,) = svg.panels([1.5])
        left, right = quality.span(axes, [found["low"], found["high"], found["candidate"], found["limit"]])
        worse = (left, found["limit"]) if found.get("higher_is_better", True) else (found["limit"], right)
        axes.axvspan(*worse, color=REJECT, alpha=0.1, lw=0)
        marks.limit_up(axes, found["limit"], f"floor {wording.number(found['limit'])}")
        quality.whisker(axes, found["low"], found["candidate"], found["high"], wording.number(found["candidate"]))
        axes.set_xlabel(f"{marks.cut(metric)} on the holdout")
        return svg.render(figure, name, title, description)
