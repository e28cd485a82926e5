"""What the plots have in common: a limit's line, a note beside a point, names down the side."""

from collections.abc import Sequence
from typing import Any, Literal

from matplotlib.axes import Axes

from gatehouse.report import wording
from gatehouse.report.svg import INK, LINE, REJECT

Place = Literal["data", "axes fraction"]
DASHES = (0, (4, 3))
LONGEST_NAME = 48
MOST_ROWS = 24


def note(
    axes: Axes,
    words: str,
    place: tuple[float, float],
    shift: tuple[float, float],
    across: Place = "data",
    up: Place = "data",
    **style: Any,
) -> None:
    """Write words `shift` points away from a place, which is given in the data's units or as shares of the panel."""
    style = {"fontsize": 8, **style}
    axes.annotate(
        words, place, shift, xycoords=(across, up), textcoords="offset points", annotation_clip=False, **style
    )


def limit_across(axes: Axes, height: float, words: str) -> None:
    """Draw a limit as a line from left to right."""
    axes.axhline(height, color=REJECT, lw=1.2, ls=DASHES)
    note(axes, words, (1, height), (-2, 3), across="axes fraction", ha="right", color=REJECT)


def limit_up(axes: Axes, place: float, words: str, align: str = "center") -> None:
    """Draw a limit as a line from bottom to top, with its words above it, on the side that leaves room for others."""
    axes.axvline(place, color=REJECT, lw=1.2, ls=DASHES)
    note(axes, words, (place, 1), (0, 3), up="axes fraction", ha=align, color=REJECT)


def heading(axes: Axes, text: str) -> None:
    """Title a panel whose heights are read from light lines instead of an axis."""
    axes.set_title(text, loc="left", fontsize=9, color=INK, weight="bold")
    axes.grid(axis="y", color=LINE, lw=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def names_down(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a panel from top to bottom."""
    axes.set_yticks(range(len(names)), [cut(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=LINE, lw=0.6)
    axes.set_axisbelow(True)


def cut(name: str) -> str:
    """Shorten a name that would push the plot aside."""
    plain = wording.clean(name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"


def left_out(count: int) -> str:
    """Say that the plot shows the worst rows only."""
    return f" (the {MOST_ROWS} lowest or largest of {count})" if count > MOST_ROWS else ""
