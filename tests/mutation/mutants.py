"""The mutants of a module, made by mutmut: all in one file, of which one is alive at a time."""

import ast
import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

from mutation import undecorated


@dataclass(frozen=True)
class Mutant:
    """One small change.

    name: mutmut's, as gatehouse.drift.psi.x_bins__mutmut_3
    module: as drift/psi
    function: a hash of the function as it was before the change
    words: it changes nothing but a text, as a sentence or the name of a check
    change: a diff
    """

    name: str
    module: str
    function: str
    words: bool
    change: str


def make(source: Path, target: Path, module: str) -> list[Mutant]:
    """Write `source` with its mutants to `target`, and return them; what was made of the same source is taken again."""
    text = source.read_text(encoding="utf-8")
    key = sha256(text.encode()).hexdigest()
    notes = target.with_suffix(".mutants.json")
    known = json.loads(notes.read_text()) if notes.is_file() and target.is_file() else {}
    if known.get("source") == key:
        return [Mutant(**fields) for fields in known["mutants"]]
    code, found = mutate(text, module)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(code, encoding="utf-8")
    notes.write_text(json.dumps({"source": key, "mutants": [asdict(mutant) for mutant in found]}, indent=1))
    return found


def mutate(text: str, module: str) -> tuple[str, list[Mutant]]:
    """Return a module's source with all its mutants, and the mutants."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    made = mutate_file_contents(module, undecorated.rewrite(text))
    lines = made.code.splitlines()

    def code(name: str) -> list[str]:
        span = made.line_span_by_function_name[name]
        return textwrap.dedent("\n".join(lines[span.start - 1 : span.end])).splitlines()

    found = []
    for name in made.mutant_names:
        function = name.partition("__mutmut_")[0]
        before, after = code(f"{function}__mutmut_orig"), code(name)
        full = f"gatehouse.{module.replace('/', '.')}.{name}"
        found.append(
            Mutant(full, module, made.hash_by_function_name[function], only_words(before, after), diff(before, after))
        )
    return made.code, found


def diff(before: Sequence[str], after: Sequence[str]) -> str:
    """Return the lines that differ, and their neighbours."""
    return "\n".join(list(unified_diff(before, after, lineterm="", n=2))[2:])


def only_words(before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether two versions of a function differ in texts alone."""
    return wordless(before) == wordless(after)


def wordless(code: Sequence[str]) -> str:
    """Return the tree of a function without its name and its texts."""
    function = ast.parse("\n".join(code)).body[0]
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    function.name = ""
    return ast.dump(function)
