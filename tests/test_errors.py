"""Every error of the project has one base, so that one place can catch them all."""

import ast
import builtins
import inspect
from pathlib import Path

import gatehouse
from gatehouse import errors
from gatehouse.errors import GatehouseError

FOREIGN = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)}


def test_kinds_have_one_base() -> None:
    """Each kind is a GatehouseError with a sentence of its own."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 5
    for kind in kinds:
        assert issubclass(kind, GatehouseError)
        assert kind.__doc__


def test_no_error_stands_apart() -> None:
    """No exception of the machinery, but the base itself, is made straight from one of Python's."""
    for path in Path(gatehouse.__path__[0]).rglob("*.py"):
        classes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
        apart = [node.name for node in classes if {ast.unparse(base) for base in node.bases} & FOREIGN]
        assert apart == (["GatehouseError"] if path.name == "errors.py" else []), path
