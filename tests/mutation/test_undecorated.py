"""Rewritten sources mean what they meant."""

import ast
from pathlib import Path

from mutation import undecorated

SOURCES = sorted((Path(__file__).parents[2] / "src/gatehouse").rglob("*.py"))

BEFORE = """
class Half:
    n = 4

    @property
    def value(self):
        return self.n / 2

    @classmethod
    def made(cls):
        return cls()

@first
@second(3)
def go(x): return x

def plain(x):
    return x
"""

AFTER = """
class Half:
    n = 4

    def value(self):
        return self.n / 2
    value = property(value)

    @classmethod
    def made(cls):
        return cls()

def go(x): return x
go = first(second(3)(go))

def plain(x):
    return x
"""


def test_decorators_become_calls() -> None:
    """A decorator is applied below its function, the innermost first, in the function's own scope."""
    assert undecorated.rewrite(BEFORE) == AFTER


def functions(source: str) -> list[ast.FunctionDef]:
    """Return every function of a module."""
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


def test_sources_stay_python() -> None:
    """Every module is still Python after it, with the functions that it had, and no decorator is left."""
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        before, after = functions(source), functions(undecorated.rewrite(source))
        assert [node.name for node in before] == [node.name for node in after], path
        assert not any(undecorated.applied(node) for node in after), path
