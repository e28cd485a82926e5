"""The rule that answers where the model fails: `fallback(row)` of the workload's model.py, carried in the bundle.

It is kept as its text, so that the image needs nothing of training, and an old bundle keeps the rule that it was
trained with. Nothing that a bundle holds may run as code, so the rule is written in a small part of Python that cannot
reach anything: it takes a row by its names (`row["amount"]`, None where a value is missing), compares and computes,
uses `if` and names of its own, calls FUNCTIONS, and returns a number, or each class's probability. Text outside that
part is refused, when the model is trained and again when the bundle is opened.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from textwrap import dedent
from typing import Any

import numpy as np

from gatehouse.bundle import FALLBACK, Bundle
from gatehouse.contract import Contract
from gatehouse.errors import BundleError, WorkloadError
from gatehouse.predictions import Predictions
from gatehouse.serving.runtime import ModelError

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "bool": bool, "float": float, "int": int, "max": max, "min": min, "round": round, "str": str,
}  # fmt: skip
ALLOWED = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.Assign, ast.Expr, ast.Name, ast.Load, ast.Store,
    ast.Constant, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop, ast.BinOp, ast.Add, ast.Sub,
    ast.Mult, ast.Div, ast.IfExp, ast.Subscript, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.Call,
)  # fmt: skip
# Of the sum of a row's probabilities.
ROUNDING = 1e-6


class Fallback:
    """A rule and the classes that it must name, in the model's order; none for a regression."""

    def __init__(self, rule: Callable[[Mapping[str, Any]], Any], classes: Sequence[str]) -> None:
        self._rule, self._classes = rule, tuple(classes)

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> Predictions:
        """Answer rows that fit the contract. Raises ModelError when the rule fails, or says what is no answer."""
        try:
            found = [self._numbers(self._rule(row)) for row in rows]
        except Exception as error:  # whatever a rule may raise
            raise ModelError(f"the fallback failed: {type(error).__name__}") from error
        numbers = np.array(found, dtype=float)
        if not self._classes:
            return Predictions(numbers[:, 0], np.empty(0))
        return Predictions(np.array(self._classes)[numbers.argmax(axis=1)], numbers, self._classes)

    def _numbers(self, said: Any) -> list[float]:
        """Return a row's numbers in order. Raises ValueError, or whatever the wrong type of an answer raises."""
        if self._classes and set(said) != set(self._classes):
            raise ValueError(f"it must name the classes {', '.join(self._classes)}")
        numbers = [float(said[name]) for name in self._classes] if self._classes else [float(said)]
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a number is not finite")
        if self._classes and (min(numbers) < 0 or abs(sum(numbers) - 1) > ROUNDING):
            raise ValueError("the probabilities do not add up to 1")
        return numbers


def load(bundle: Bundle) -> Fallback | None:
    """Return the fallback of an opened bundle, or None. Raises BundleError when it is not what training writes."""
    if FALLBACK not in bundle.manifest["files"]:
        return None
    try:
        return of((bundle.path / FALLBACK).read_text(encoding="utf-8"), bundle.manifest["fallback"]["classes"])
    except (WorkloadError, KeyError) as error:
        raise BundleError(f"{FALLBACK} in the bundle at {bundle.path} cannot be used: {error}") from error


def of(source: str, classes: Sequence[str]) -> Fallback:
    """Return the rule that a function's text says. Raises WorkloadError naming what is outside the small language."""
    try:
        tree = ast.parse(dedent(source))
    except SyntaxError as error:
        raise WorkloadError(f"The fallback is no Python: {error.msg}.") from error
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        raise WorkloadError("The fallback must be one function: def fallback(row).")
    function = tree.body[0]
    _check(function)
    # Annotations name types that the rule cannot see, and say nothing to it.
    function.returns, function.args.args[0].annotation = None, None
    names: dict[str, Any] = {"__builtins__": {}, **FUNCTIONS}
    exec(compile(tree, FALLBACK, "exec"), names)  # noqa: S102 - only what ALLOWED says, which reaches nothing
    return Fallback(names[function.name], classes)


def rows_of(contract: Contract, payload: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as a rule sees them: every feature, None where a client left it out."""
    return [{column.name: row.get(column.name) for column in contract.features} for row in payload]


def _check(function: ast.FunctionDef) -> None:
    spec = function.args
    others = (spec.posonlyargs, spec.kwonlyargs, spec.vararg, spec.kwarg, spec.defaults, function.decorator_list)
    if len(spec.args) != 1 or any(others):
        raise _refused(function, "it takes one row, and nothing else: def fallback(row)")
    annotations = (function.returns, spec.args[0].annotation)
    skipped = {id(part) for annotation in annotations if annotation for part in ast.walk(annotation)}
    parts = [part for part in ast.walk(function) if id(part) not in skipped]
    known = {spec.args[0].arg, *FUNCTIONS}
    known |= {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    for part in parts:
        if not isinstance(part, ALLOWED) or (isinstance(part, ast.FunctionDef) and part is not function):
            raise _refused(part, f"it may not use {type(part).__name__}")
        if isinstance(part, ast.Name) and (part.id not in known or part.id.startswith("__")):
            raise _refused(part, f"it does not know the name '{part.id}': write what it needs inside")
        if isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            raise _refused(part, "it may not change a row")
        if isinstance(part, ast.Call) and not (isinstance(part.func, ast.Name) and part.func.id in FUNCTIONS):
            raise _refused(part, f"it may only call {', '.join(FUNCTIONS)}")


def _refused(part: ast.AST, why: str) -> WorkloadError:
    return WorkloadError(f"Line {getattr(part, 'lineno', 1)} of the fallback cannot be served: {why}.")
