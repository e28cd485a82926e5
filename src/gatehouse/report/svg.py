"""A matplotlib figure as an inline SVG that takes its colours and its font from the page around it."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatehouse.report.chart import Chart

WIDTH = 9.0  # inches, which the page scales
# matplotlib needs colours; these stand for the page's own, so that one plot reads well on light and on dark.
INK, MUTED, LINE, PAPER, ACCENT = "#010101", "#010102", "#010103", "#010104", "#010105"
PROMOTE, HOLD, REJECT, ERROR = "#010106", "#010107", "#010108", "#010109"
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    PAPER: "paper",
    ACCENT: "accent",
    PROMOTE: "promote",
    HOLD: "hold",
    REJECT: "reject",
    ERROR: "error",
}
SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "gatehouse",
    "text.color": INK,
    "text.parse_math": False,  # a column may be called $x$
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
}
NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


@contextmanager
def settings() -> Iterator[None]:
    """Draw with these settings and no others, whatever the user's matplotlibrc says, and leave none behind."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield


def panels(heights: list[float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of one panel above another, of these heights in inches, which share their x axis."""
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
    figure.patch.set_visible(False)
    for axes in grid[:, 0]:
        axes.patch.set_visible(False)
    return figure, list(grid[:, 0])


def render(figure: Figure, name: str, title: str, description: str) -> Chart:
    """Return the figure as a chart; `name` keeps its ids apart from those of other figures on the page."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # A name in a script that matplotlib's font lacks is drawn by the browser, with a font that has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", buffer.getvalue().partition("<svg")[2], flags=re.DOTALL)
    head, content = body.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {box[0] if box else ""} role="img" '
    labelled = f'aria-labelledby="{name}-title {name}-desc">'
    return Chart(title, description, opening + labelled + words + themed(apart(content, name)))


def apart(content: str, name: str) -> str:
    """Put `name` before every id and every use of one."""
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\1{name}-", content).replace("xlink:href", "href")


def themed(content: str) -> str:
    """Put the page's colours and font in the place of matplotlib's."""
    for colour, variable in VARIABLES.items():
        content = content.replace(colour, f"var(--{variable})")
    plain = re.sub(r" ?font-family: [^;\"]*;?", "", content)
    return re.sub(r"font: (\w+ )?([\d.]+)px [^;\"]*", r"font-weight: \1; font-size: \2px", plain)
