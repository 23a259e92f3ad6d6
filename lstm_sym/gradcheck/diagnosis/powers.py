"""Slips in the numbers of a formula: a power, a root, a constant."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Any

from .places import New, Places, called, filled


def power(node: Any, places: Places) -> New:
    """A square that is missing, or one too many; a cube."""
    parent = places.parents.get(id(node))
    if isinstance(node, ast.Name):
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div):
            yield filled("a ** 2", a=node)
    elif isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
        yield node.left
        yield filled("a ** 3", a=node.left)


def root(node: Any, places: Places) -> New:
    """A root that is missing, or one too many."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield filled("a / np.sqrt(b)", a=node.left, b=node.right)
    elif called(node) == "sqrt" and len(node.args) == 1:
        yield node.args[0]


def number(node: ast.Constant, places: Places) -> New:
    """A number that is half, twice or three times what it should be, or one more or less."""
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool) and _counts(node, places):
        exact = Decimal(repr(value))
        for k in (2, 3):
            yield ast.Constant(type(value)(k * exact))
            shared = exact / k * k == exact and (exact / k == exact // k or isinstance(value, float))
            yield ast.Constant(type(value)(exact / k)) if shared else filled("a / b", a=node, b=ast.Constant(k))
        if isinstance(value, int):
            yield from (ast.Constant(value + k) for k in (1, -1))


def _counts(node: ast.AST, places: Places) -> bool:
    return isinstance(places.parents.get(id(node)), ast.BinOp | ast.AugAssign)
