"""The comments of a settings file: each value stands beside its reason, which TOML's own readers throw away."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

# A '#' inside quotes begins no comment.
COMMENT = re.compile(r"""(?:[^"'#]|"(?:\\.|[^"\\])*"|'[^']*')*#\s*(.*)""")


def read(text: str) -> dict[str, str]:
    """Return the comment of every key by its dotted name: beside its value, or else on the lines above.

    A value over several lines has the comments of all of them. `text` must be TOML that can be read.
    """
    found: dict[str, str] = {}
    section, above = "", ""
    for statement in _statements(text):
        said = " ".join(match[1].strip() for line in statement.splitlines() if (match := COMMENT.match(line)))
        path = _path(tomllib.loads(statement))
        if statement.lstrip().startswith("["):
            section, above = path, ""
        elif path:
            found[f"{section}.{path}".lstrip(".")] = said or above
            above = ""
        else:
            above = f"{above} {said}".strip() if said else ""
    return found


def _statements(text: str) -> Iterator[str]:
    """Cut a file into keys with their values, headings, comments and empty lines; each can be read by itself."""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        try:
            tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        yield "\n".join(lines)
        lines = []


def _path(read: Mapping[str, Any]) -> str:
    """Return the dotted name of the one key in what was read; an inline table is one value, as a heading is empty."""
    names = []
    inside: Any = read
    while isinstance(inside, Mapping) and len(inside) == 1:
        name, inside = next(iter(inside.items()))
        names.append(name)
    return ".".join(names)
