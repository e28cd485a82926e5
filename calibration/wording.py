"""What was found, in words: for a console, and as the Markdown page."""

import re
from collections.abc import Sequence

from calibration.record import Found, Line
from calibration.scenarios import Grid, Share

MARKS = {True: "✓", False: "✗", None: " "}
# Of a row's text on the console; what is longer pushes its figures to the right.
WIDTH = 74


def percent(share: float) -> str:
    """Write a share with the digits that matter: two next to 0 and 1, one in between, none where it is one of them."""
    digits = 0 if share in (0, 1) else 1 if 0.1 <= share <= 0.9 else 2
    return f"{100 * share:.{digits}f} %"


def exactly(share: Share) -> str:
    """Write a share with its interval of 95 %."""
    return f"{percent(share.value)} ({percent(share.low)[:-2]}–{percent(share.high)[:-2]})"


def console(found: Found) -> str:
    """Return a table as plain text: a line for each row, and below it what other rules do on the same draws."""
    head = f"{found.table.title}, in {found.seconds:.0f} s"
    grid = ["", *plain_grid(found.grid)] if found.grid else []
    return "\n".join([head, "", *[text for line in found.lines for text in plain(line)], *grid, ""])


def plain(line: Line) -> list[str]:
    """Return a row's lines on the console."""
    goal = str(line.row.goal) if line.row.goal else ""
    first = f"{MARKS[line.met]} {line.row.text:{WIDTH}} {goal:>7}  {exactly(line.share):>22}  n = {line.share.trials:,}"
    others = "; ".join(f"{name.replace('`', '')} {percent(share.value)}" for name, share in line.others.items())
    return [first, f"    {others}"] if others else [first]


def plain_grid(grid: Grid) -> list[str]:
    """Return a grid in columns."""
    widths = [max(map(len, column)) for column in zip(*grid.cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in grid.cells]
    return [grid.title, *(f"  {line.rstrip()}" for line in lines)]


def markdown(found: Found, made: str) -> str:
    """Return a table as a section in Markdown, with what the reader must know of it and how it was `made`."""
    rows = [
        (
            line.row.text,
            str(line.row.goal or ""),
            "<br>".join(f"{percent(share.value)} {name}" for name, share in line.others.items()),
            exactly(line.share),
            f"{line.share.trials:,}",
            MARKS[line.met].strip(),
        )
        for line in found.lines
    ]
    header = ("what is drawn, and what may come of it", "goal", "others, on the same draws", "this rule", "n", "")
    parts = [
        f"## {found.table.title}",
        found.table.world.strip(),
        f"{made} in {found.seconds / 60:.0f} minutes.",
        pipes([header, *rows]),
    ]
    if found.grid:
        parts += [f"{found.grid.title}:", pipes(found.grid.cells)]
    return "\n\n".join(parts)


def pipes(cells: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its first row the header."""
    head, *rows = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, f"|{' --- |' * len(cells[0])}", *rows])


def page(sections: Sequence[str], earlier: str = "") -> str:
    """Return the whole page: what the figures are, then every section.

    A section of an `earlier` page stays where no new one has its title.
    """
    titled = {section.partition("\n")[0]: section for section in [*SECTION.split(earlier)[1:], *sections]}
    return "\n\n".join([HEAD, *(section.strip() for section in titled.values())]) + "\n"


HEAD = """# Calibration

How often the rules of Gatehouse are right, simulated with the code that judges, beside what is popular, on the same
draws.

In brackets stands the exact interval of 95 % (Clopper and Pearson) over n draws. A row has ✓ when the bound of that
interval meets the goal, not only the share itself; a goal without a sign allows for no exception among the n. Rows
without a goal are there to be known. CI runs a smaller version of the same, which fails when a rate leaves its
bound: `tests/calibration`."""
SECTION = re.compile(r"^(?=## )", re.MULTILINE)
