"""Verdicts as one self-contained HTML page, with plots; it loads nothing, and no value can become markup."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.report import advice, check_tables, choice, tables, wording
from gatehouse.report.chart import Chart
from gatehouse.report.tables import Table
from gatehouse.verdicts import Decision, Verdict

# The browser itself then refuses scripts, images, fonts and addresses, whatever a value might smuggle in.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write(path: Path, title: str, verdicts: Sequence[Verdict], steps: Sequence[Mapping[str, Any]] = ()) -> Path:
    """Write the page, whole or not at all.

    A step has what, expected, got, seconds and why, and may have verdict: the one of `verdicts` that it led to.
    """
    return files.write_text(path, page(title, verdicts, steps))


def page(title: str, verdicts: Sequence[Verdict], steps: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the page's HTML: the outcome, the steps, then each verdict with its tables and plots."""
    sections = [section(number, verdict, steps) for number, verdict in enumerate(verdicts, 1)]
    style = resources.files("gatehouse.report").joinpath("report.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<title>{text(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
<p class="lead">{outcome(verdicts, steps)}</p>
{contents(verdicts)}
</header>
<main>
{overview(verdicts, steps)}
{"".join(sections)}</main>
</body>
</html>
"""


def outcome(verdicts: Sequence[Verdict], steps: Sequence[Mapping[str, Any]]) -> str:
    """Say in one sentence how it went."""
    if steps:
        odd = sum(not as_expected(step) for step in steps)
        seconds = sum(float(step.get("seconds") or 0) for step in steps)
        ended = f"{odd} of {len(steps)} steps did not end" if odd else f"all {len(steps)} steps ended"
        word = badge(Decision.REJECT, "not as expected") if odd else badge(Decision.PROMOTE, "as expected")
        return f"{word} In {seconds:.0f} seconds, {ended} as expected."
    counted = {decision: sum(item.decision == decision for item in verdicts) for decision in Decision}
    return " ".join(badge(decision, f"{count} {decision}") for decision, count in counted.items() if count)


def as_expected(step: Mapping[str, Any]) -> bool:
    """Tell whether a step ended as it should."""
    return bool(step.get("got") == step.get("expected"))


def contents(verdicts: Sequence[Verdict]) -> str:
    """Return links to the verdicts' sections."""
    links = [
        f'<li><a href="#verdict-{number}"><span class="{item.decision}">{wording.MARKS[item.decision]}</span> '
        f"{number} {text(item.step)}</a></li>"
        for number, item in enumerate(verdicts, 1)
    ]
    return f'<nav aria-label="Verdicts"><ol>{"".join(links)}</ol></nav>' if links else ""


def overview(verdicts: Sequence[Verdict], steps: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of the steps, if there are any."""
    if not steps:
        return ""
    rows = [step_row(number, step, verdicts) for number, step in enumerate(steps, 1)]
    made = grid(("", "what", "expected", "got", "seconds"), (False, False, False, False, True), rows)
    return f'<section aria-label="Steps">{made}</section>\n'


def step_row(number: int, step: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    """Return one step's row; one that did not end as expected is marked."""
    what = text(wording.value(step.get("what")))
    places = [place for place, verdict in enumerate(verdicts, 1) if verdict is step.get("verdict")]
    if places:
        what = f'<a href="#verdict-{places[0]}">{what}</a>'
    why = f'<span class="why">{text(step["why"])}</span>' if step.get("why") else ""
    seconds = step.get("seconds")
    cells = [
        f'<td class="number">{number}</td><th scope="row">{what}{why}</th>',
        f"<td>{worded(step.get('expected'))}</td><td>{worded(step.get('got'))}</td>",
        f'<td class="number">{wording.NOTHING if seconds is None else f"{seconds:.1f}"}</td>',
    ]
    return f"<tr{'' if as_expected(step) else ' class=unexpected'}>{''.join(cells)}</tr>"


def section(number: int, verdict: Verdict, steps: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return one verdict: its decision, reason, checks, plots, tables and origin."""
    whats = [wording.value(step.get("what")) for step in steps if step.get("verdict") is verdict]
    drawn = choice.charts(verdict, f"plot-{number}")
    said = [verdict.why, advice.others(verdict)]
    now = advice.next_step(verdict)
    parts = [
        f'<h2 id="verdict-{number}">{badge(verdict.decision)} {number} {text(verdict.step)}'
        f"{''.join(f' <small>{text(what)}</small>' for what in whats)}</h2>",
        *[f"<p>{text(line)}</p>" for line in said if line],
        f"<p><strong>What now?</strong> {wording.instruction(now, text, code)}</p>" if now else "",
        *map(titled, check_tables.found(verdict)),
        *map(figure, drawn),
        *map(titled, tables.details(verdict)),
        origin(verdict),
    ]
    return f'<section aria-labelledby="verdict-{number}">\n' + "\n".join(filter(None, parts)) + "\n</section>\n"


def code(plain: str) -> str:
    """Return what is to be typed."""
    return f"<code>{text(plain)}</code>"


def titled(table: Table) -> str:
    """Return a table below its title and above its note; one of judged rows has the verdict in its last column."""
    title = f"<h3>{text(table.title)}</h3>" if table.title else ""
    title += f"<p>{text(table.lead)}</p>" if table.lead else ""
    note = f'<p class="note">{text(table.note)}</p>' if table.note else ""
    if not table.decisions:
        rows = [f"<tr>{cells(row, table.numeric)}</tr>" for row in table.rows]
        return title + grid(table.header, table.numeric, rows, table.more, table.unfolded) + note
    judged = zip(table.rows, table.decisions, table.words, table.whys, strict=True)
    rows = [judged_row(row, table.numeric, badge(decision, word), why) for row, decision, word, why in judged]
    return title + grid((*table.header, "verdict"), (*table.numeric, False), rows, table.more, table.unfolded) + note


def judged_row(row: Sequence[str], numeric: Sequence[bool], verdict: str, why: str) -> str:
    """Return one judged row; its sentence stands below it, as wide as the table."""
    kind = " class=explained" if why else ""
    said = f'<tr><td colspan="{len(row) + 1}" class="why">{text(why)}</td></tr>' if why else ""
    head = f'<th scope="row">{text(row[0])}</th>'
    return f"<tr{kind}>{head}{cells(row[1:], numeric[1:])}<td>{verdict}</td></tr>{said}"


def cells(row: Sequence[str], numeric: Sequence[bool]) -> str:
    """Return the cells of a row, numbers at the right."""
    kinds = ['<td class="number">' if right else "<td>" for right in numeric]
    return "".join(f"{kind}{text(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))


def grid(
    header: Sequence[str], numeric: Sequence[bool], rows: Sequence[str], more: int = 0, shown: int | None = None
) -> str:
    """Return a table of finished rows that scrolls by itself where the page is narrow; a long rest is folded away."""
    if shown is not None and len(rows) > shown + 2:
        rest = grid(header, numeric, rows[shown:], more)
        words = f"{len(rows) - shown + more:,} more"
        return f"{grid(header, numeric, rows[:shown])}<details><summary>{words}</summary>{rest}</details>"
    heads = "".join(
        f'<th scope="col"{" class=number" if right else ""}>{text(cell)}</th>'
        for cell, right in zip(header, numeric, strict=True)
    )
    rest = f"<p>and {more:,} more</p>" if more else ""
    body = "\n".join(rows)
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>{rest}'


def figure(chart: Chart) -> str:
    """Return a plot with its title, and below it what it shows in words."""
    return (
        f'<figure><figcaption>{text(chart.title)}</figcaption><div class="scroll">{chart.svg}</div>'
        f'<p aria-hidden="true">{text(chart.description)}</p></figure>'
    )


def origin(verdict: Verdict) -> str:
    """Return what the verdict is about, when it was made, and by what."""
    about = [f"{word} <code>{text(name)}</code>" for word, name in wording.about(verdict.subject)]
    moment = f'<time datetime="{escape(verdict.made_at)}">{text(wording.when(verdict.made_at))}</time>'
    return f"<footer>{' · '.join([*about, moment, text(verdict.made_by)])}</footer>"


def badge(decision: Decision, words: str = "") -> str:
    """Return a decision as a coloured word with its sign."""
    return f'<span class="badge {decision}">{wording.MARKS[decision]} {text(words or decision)}</span>'


def worded(item: Any) -> str:
    """Return a badge for a decision, and plain text for anything else."""
    return badge(Decision(item)) if item in list(Decision) else text(wording.value(item))


def text(plain: str) -> str:
    """Make text harmless in HTML; its lines stay apart."""
    return "<br>".join(escape(line) for line in wording.lines(plain))
