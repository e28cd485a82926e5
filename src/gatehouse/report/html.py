"""Verdicts as one self-contained HTML page, with plots; it loads nothing, and no value can become markup."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.report import choice, tables, wording
from gatehouse.report.chart import Chart
from gatehouse.report.tables import Table
from gatehouse.verdicts import Check, Decision, Verdict

# The browser itself then refuses scripts, images, fonts and addresses, whatever a value might smuggle in.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
SHOWN = 8  # rows of a table, before the rest is folded away


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
    parts = [
        f'<h2 id="verdict-{number}">{badge(verdict.decision)} {number} {text(verdict.step)}'
        f"{''.join(f' <small>{text(what)}</small>' for what in whats)}</h2>",
        f"<p>{text(verdict.why)}</p>",
        check_table(verdict) if tables.says_more(verdict) else "",
        *map(figure, drawn),
        *[f"<h3>{text(item.title)}</h3>{detail_table(item)}" for item in tables.details(verdict)],
        origin(verdict),
    ]
    return f'<section aria-labelledby="verdict-{number}">\n' + "\n".join(filter(None, parts)) + "\n</section>\n"


def check_table(verdict: Verdict) -> str:
    """Return the checks, worst first; a sentence stands below the name, unless the verdict has said it."""
    checks = tables.worst_first(verdict)
    rows = [check_row(check, verdict.why) for check in checks[: tables.MOST_CHECKS]]
    header = ("check", "observed", "limit", "interval", "n", "decision")
    bad = sum(check.decision != Decision.PROMOTE and not check.advisory for check in checks)
    return grid(header, (False, True, True, True, True, False), rows, len(checks) - len(rows), max(bad, SHOWN))


def check_row(check: Check, said: str) -> str:
    """Return one check's row."""
    why = "" if check.why == said else f'<span class="why">{text(check.why)}</span>'
    numbers = "".join(f'<td class="number">{text(cell)}</td>' for cell in tables.numbers_of(check))
    return f'<tr><th scope="row">{text(tables.name_of(check))}{why}</th>{numbers}<td>{badge(check.decision)}</td></tr>'


def detail_table(table: Table) -> str:
    """Return a table of details."""
    kinds = ['<td class="number">' if numeric else "<td>" for numeric in table.numeric]
    rows = [
        f"<tr>{''.join(f'{kind}{text(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>"
        for row in table.rows
    ]
    return grid(table.header, table.numeric, rows, table.more, SHOWN)


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
