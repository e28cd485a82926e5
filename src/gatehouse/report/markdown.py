"""A verdict as a developer reads it: Markdown for GitHub's job summary, plain text for a console."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from html import escape as escape_html

from gatehouse.report import advice, check_tables, tables, wording
from gatehouse.report.tables import Table
from gatehouse.verdicts import Decision, Verdict

WIDTH = 100
COLOURS = {Decision.PROMOTE: 32, Decision.HOLD: 33, Decision.REJECT: 31, Decision.ERROR: 35}


def summary(verdict: Verdict) -> str:
    """Return the verdict as Markdown: the decision, why, what to do now, the tables, the subject."""
    now = advice.next_step(verdict)
    parts = [
        f"## {wording.SIGNS[verdict.decision]} {verdict.decision.upper()}: {escape(verdict.step)}",
        paragraph(verdict.why),
        paragraph(advice.others(verdict)),
        f"**What now?** {wording.instruction(now, escape, _code)}" if now else "",
        *map(_table, check_tables.found(verdict)),
        *map(_table, tables.details(verdict)),
        _origin(verdict),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def escape(text: str) -> str:
    """Make text that may come from data harmless: it becomes no HTML, markup, link, formula or mention."""
    lines = [escape_html(line, quote=False) for line in wording.lines(text)]
    plain = "<br>".join(re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", line) for line in lines)
    # GitHub makes links of addresses and notifies whom a value happens to name.
    return plain.replace("://", ":\\/\\/").replace("www.", "www\\.").replace("@", "@\u200b")


def paragraph(text: str) -> str:
    """Escape text that begins a line, where a dash or a number would make a list."""
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escape(text))


def terminal(verdict: Verdict, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return the verdict as plain text in lines of `width`: the reason, what to do now, the tables, the subject."""
    head = f"{wording.MARKS[verdict.decision]} {verdict.decision.upper()}  {wording.clean(verdict.step)}"
    now = advice.next_step(verdict)
    said = [verdict.why, advice.others(verdict), f"What now? {now.replace('`', '')}" if now else ""]
    lines = [_painted(head, verdict.decision, colour), *[_wrapped(text, 2, width) for text in said if text]]
    for item in [*check_tables.found(verdict), *tables.details(verdict)]:
        lines += ["", *([f"  {item.title}"] if item.title else [])]
        lines += [_wrapped(item.lead, 2, width)] if item.lead else []
        lines += _columns(item, colour, width)
        lines += [f"  and {item.more:,} more"] if item.more else []
        lines += [_wrapped(item.note, 2, width)] if item.note else []
    about = [f"{word}\0{name}" for word, name in wording.about(verdict.subject)]
    parts = [*about, wording.when(verdict.made_at), wording.clean(verdict.made_by)]
    # A word and its name stay on one line.
    origin = textwrap.fill(" · ".join(parts), width, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*lines, "", origin.replace("\0", " ")])


def _code(text: str) -> str:
    # A code span shows its content as it is.
    return f"`{wording.clean(text)}`"


def _table(table: Table) -> str:
    header, rows, numeric = list(table.header), [list(row) for row in table.rows], list(table.numeric)
    if table.decisions:
        header, numeric = [*header, "verdict"], [*numeric, False]
        marked = zip(rows, table.decisions, table.words, strict=True)
        rows = [[*row, f"{wording.SIGNS[decision]} {word}"] for row, decision, word in marked]
    if any(table.whys):
        header, numeric = [*header, "why"], [*numeric, False]
        rows = [[*row, why] for row, why in zip(rows, table.whys, strict=True)]
    lines = [_line(map(escape, header)), _line("--:" if right else "---" for right in numeric)]
    lines += [_line(map(escape, row)) for row in rows]
    title = [f"**{escape(table.title)}**\n"] if table.title else []
    title += [f"{paragraph(table.lead)}\n"] if table.lead else []
    more = [f"\n*and {table.more:,} more*"] if table.more else []
    note = [f"\n<sub>{escape(table.note)}</sub>"] if table.note else []
    return "\n".join([*title, *lines, *more, *note])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _origin(verdict: Verdict) -> str:
    # A code span shows its content as it is; only its own sign could end it.
    about = [f"{word} `{name.replace('`', '')}`" for word, name in wording.about(verdict.subject)]
    return f"<sub>{' · '.join([*about, escape(wording.when(verdict.made_at)), escape(verdict.made_by)])}</sub>"


def _columns(table: Table, colour: bool, width: int) -> list[str]:
    """Align a table; a row that is not good, or has no number, has its sentence below, unless the verdict said it."""
    if not table.decisions:
        return _aligned([table.header, *table.rows], table.numeric, width)
    marked = zip(table.rows, table.decisions, table.words, strict=True)
    rows = [(f"{wording.MARKS[decision]} {row[0]}", *row[1:], word) for row, decision, word in marked]
    header = (f"  {table.header[0]}", *table.header[1:], "verdict")
    head, *lines = _aligned([header, *rows], (*table.numeric, False), width)
    made = [head]
    for line, row, decision, why in zip(lines, table.rows, table.decisions, table.whys, strict=True):
        made.append(_painted(line, decision, colour and decision != Decision.PROMOTE))
        if why and (decision != Decision.PROMOTE or set(row[1:]) <= {wording.NOTHING}):
            made.append(_wrapped(why, 6, width))
    return made


def _aligned(rows: Sequence[Sequence[str]], numeric: Sequence[bool], width: int) -> list[str]:
    widest = width // 2
    cut = [[cell if len(cell) <= widest else f"{cell[: widest - 1]}…" for cell in row] for row in rows]
    sizes = [max(len(row[column]) for row in cut) for column in range(len(numeric))]
    lines = []
    for row in cut:
        cells = zip(row, sizes, numeric, strict=True)
        lines.append("  ".join(cell.rjust(size) if right else cell.ljust(size) for cell, size, right in cells))
    return [f"  {line.rstrip()}" for line in lines]


def _wrapped(text: str, indent: int, width: int) -> str:
    space = " " * indent
    wrap = textwrap.TextWrapper(
        width, initial_indent=space, subsequent_indent=space, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(map(wrap.fill, wording.lines(text)))


def _painted(line: str, decision: Decision, colour: bool) -> str:
    return f"\033[{COLOURS[decision]}m{line}\033[0m" if colour else line
