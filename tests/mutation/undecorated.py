"""Python without decorators on functions, meaning the same: what mutmut can mutate.

mutmut leaves a decorated function alone, and a property may decide as much as any other function
(`Verdict.decision`). So `@property def x` becomes `def x` and `x = property(x)`.
"""

import ast

# mutmut takes these two as they are.
KEPT = ("staticmethod", "classmethod")


def rewrite(source: str) -> str:
    """Return `source` with every decorator of a function applied by a call below the function."""
    lines = source.splitlines(keepends=True)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and applied(node)]
    # From the last to the first, so that the numbers of the lines above stay what they are.
    for node in sorted(functions, key=lambda node: -node.lineno):
        called = node.name
        for decorator in reversed(node.decorator_list):
            called = f"{ast.unparse(decorator)}({called})"
        lines.insert(node.end_lineno, f"{' ' * node.col_offset}{node.name} = {called}\n")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "".join(lines)


def applied(node: ast.FunctionDef) -> bool:
    """Tell whether a function has a decorator that mutmut would not mutate below."""
    return bool(node.decorator_list) and ast.unparse(node.decorator_list[0]) not in KEPT
