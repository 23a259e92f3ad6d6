"""Slips in sums along axes: the wrong axis, the wrong size, a mean that is not taken off."""

from __future__ import annotations

import ast
from typing import Any

from .places import New, Places, called, filled, name, values_of

ALONG = ("sum", "mean", "max", "var", "std", "cumsum", "flip")
OTHERS = (0, 1, -1, 2, -2)


def other_axis(node: Any, places: Places) -> New:
    """Another axis: of a sum or a mean, or whose length is taken."""
    if isinstance(node, ast.Subscript):
        if getattr(node.value, "attr", "") == "shape" and _axis(node.slice) is not None:
            for axis in OTHERS:
                if axis != _axis(node.slice):
                    yield ast.Subscript(node.value, ast.Constant(axis), node.ctx)
    elif called(node) in ALONG:
        first = isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy")
        for k, argument in enumerate(node.args):
            if k == int(first) and _axis(argument) is not None:
                for axis in OTHERS:
                    args = [*node.args[:k], ast.Constant(axis), *node.args[k + 1 :]]
                    yield ast.Call(node.func, args, node.keywords)
        for k, keyword in enumerate(node.keywords):
            if keyword.arg == "axis" and _axis(keyword.value) is not None:
                for axis in OTHERS:
                    made = ast.keyword("axis", ast.Constant(axis))
                    yield ast.Call(node.func, node.args, [*node.keywords[:k], made, *node.keywords[k + 1 :]])


def _axis(node: ast.expr) -> int | None:
    """The number that an expression is, if it is one."""
    text = ast.unparse(node)
    return int(text) if text.removeprefix("-").isdigit() else None


def mean_kept(node: Any, places: Places) -> New:
    """A mean or a sum that is not subtracted: of what is assigned, or of something else that the code knows."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub) and places.outermost(node, ast.Add, ast.Sub):
            yield from _without_means(node, places.letters(node))
        return
    for value, put in values_of(node):
        if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
            for made in _without_means(value, [value.id] if isinstance(value, ast.Name) else []):
                yield put(made)


def _without_means(value: ast.expr, letters: list[str]) -> list[ast.expr]:
    made = []
    for text in letters:
        for axis in ("-1", "0"):
            for kind in ("mean", "sum"):
                made.append(filled(f"a - b.{kind}(axis={axis}, keepdims=True)", a=value, b=name(text)))
    return made
