"""A verdict as a developer reads it: Markdown for GitHub's job summary, plain text for a console."""

import re
import textwrap
from collections.abc import Sequence
from html import escape as escape_html

from gatehouse.report import tables, wording
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check, Decision, Verdict

WIDTH = 100
COLOURS = {Decision.PROMOTE: 32, Decision.HOLD: 33, Decision.REJECT: 31, Decision.ERROR: 35}
HEADER = ("check", "observed", "limit", "interval", "n", "decision", "why")
NUMERIC = (False, True, True, False, True, False, False)


def summary(verdict: Verdict) -> str:
    """Return the verdict as Markdown: the decision, the reason, the checks, the details, the subject."""
    checks = tables.worst_first(verdict)
    rows = [_row(check) for check in checks[: tables.MOST_CHECKS]]
    judged = Table("", HEADER, tuple(rows), NUMERIC, len(checks) - len(rows))
    parts = [
        f"## {wording.SIGNS[verdict.decision]} {verdict.decision.upper()}: {escape(verdict.step)}",
        paragraph(verdict.why),
        *([_table(judged)] if tables.says_more(verdict) else []),
        *[f"**{escape(item.title)}**\n\n{_table(item)}" for item in tables.details(verdict)],
        _origin(verdict),
    ]
    return "\n\n".join(parts) + "\n"


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
    """Return the verdict as plain text in lines of `width`: the reason, the checks in columns, the subject."""
    checks = tables.worst_first(verdict)
    head = f"{wording.MARKS[verdict.decision]} {verdict.decision.upper()}  {wording.clean(verdict.step)}"
    lines = [_painted(head, verdict.decision, colour), _wrapped(verdict.why, 2, width)]
    if tables.says_more(verdict):
        lines += ["", *_columns(checks[: tables.MOST_CHECKS], verdict.why, colour, width)]
    if len(checks) > tables.MOST_CHECKS:
        lines.append(f"  and {len(checks) - tables.MOST_CHECKS:,} more")
    for item in tables.details(verdict):
        lines += ["", f"  {item.title}", *_aligned([item.header, *item.rows], item.numeric, width)]
        lines += [f"  and {item.more:,} more"] if item.more else []
    about = [f"{word}\0{name}" for word, name in wording.about(verdict.subject)]
    parts = [*about, wording.when(verdict.made_at), wording.clean(verdict.made_by)]
    # A word and its name stay on one line.
    origin = textwrap.fill(" · ".join(parts), width, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*lines, "", origin.replace("\0", " ")])


def _row(check: Check) -> tuple[str, ...]:
    decision = f"{wording.SIGNS[check.decision]} {check.decision}"
    return (tables.name_of(check), *tables.numbers_of(check), decision, check.why)


def _table(table: Table) -> str:
    lines = [table.header, tuple("--:" if numeric else "---" for numeric in table.numeric)]
    written = ["| " + " | ".join(line) + " |" for line in [tuple(map(escape, lines[0])), lines[1]]]
    written += ["| " + " | ".join(map(escape, row)) + " |" for row in table.rows]
    return "\n".join(written) + (f"\n\n*and {table.more:,} more*" if table.more else "")


def _origin(verdict: Verdict) -> str:
    # A code span shows its content as it is; only its own sign could end it.
    about = [f"{word} `{name.replace('`', '')}`" for word, name in wording.about(verdict.subject)]
    return f"<sub>{' · '.join([*about, escape(wording.when(verdict.made_at)), escape(verdict.made_by)])}</sub>"


def _columns(checks: Sequence[Check], said: str, colour: bool, width: int) -> list[str]:
    """Align the checks; below each that is not good stands its sentence, unless the verdict has said it."""
    rows = [(f"{wording.MARKS[item.decision]} {tables.name_of(item)}", *_cells(item)) for item in checks]
    head, *lines = _aligned([("  check", *HEADER[1:6]), *rows], NUMERIC[:6], width)
    made = [head]
    for check, line in zip(checks, lines, strict=True):
        made.append(_painted(line, check.decision, colour and check.decision != Decision.PROMOTE))
        if check.decision != Decision.PROMOTE and check.why != said:
            made.append(_wrapped(check.why, 6, width))
    return made


def _cells(check: Check) -> tuple[str, ...]:
    return (*tables.numbers_of(check), str(check.decision))


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
