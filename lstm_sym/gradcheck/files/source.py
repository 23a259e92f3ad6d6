"""What the text of a file says about a function, without running any of it."""

from __future__ import annotations

import ast
from pathlib import Path

from ..trees import leaves, named
from .shapes import Spec, by_parameter


def moving_names(file: Path, function: str, specs: list[Spec]) -> tuple[str, ...]:
    """The inputs of floating-point numbers among those that have shapes; a lone number in doubt counts as a size."""
    given = [
        (parameter, named(parameter, path), spec)
        for parameter, tree in by_parameter(specs).items()
        for path, spec in leaves(tree)
        if spec.shape is not None
    ]
    definition = _definition(file, function)
    if definition is None:
        return tuple(name for _, name, _ in given)
    taken, whole = _parameters(definition), _integers(definition)
    return tuple(
        name for parameter, name, spec in given if parameter in taken and not (spec.ambiguous and spec.name in whole)
    )


def _definition(file: Path, function: str) -> ast.FunctionDef | None:
    """The definition under a dotted name; ``None`` where the text has none or cannot be read."""
    try:
        found: ast.AST | None = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for name in function.split("."):
        body = getattr(found, "body", [])
        found = next(
            (s for s in reversed(body) if isinstance(s, ast.FunctionDef | ast.ClassDef) and s.name == name), None
        )
    return found if isinstance(found, ast.FunctionDef) else None


def _parameters(definition: ast.FunctionDef) -> list[str]:
    given = definition.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _integers(definition: ast.FunctionDef) -> set[str]:
    """Parameters that take an integer: annotated so, with such a default, or counted up to."""
    given = definition.args
    positional = [*given.posonlyargs, *given.args]
    found = {a.arg for a in positional if isinstance(a.annotation, ast.Name) and a.annotation.id == "int"}
    defaults = zip(reversed(positional), reversed(given.defaults))
    found |= {a.arg for a, value in defaults if isinstance(value, ast.Constant) and type(value.value) is int}
    for node in ast.walk(definition):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            found |= {leaf.id for a in node.args for leaf in ast.walk(a) if isinstance(leaf, ast.Name)}
    return found
