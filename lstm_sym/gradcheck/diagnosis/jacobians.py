r"""Slips in the Jacobian of the softmax, :math:`\mathrm{diag}(p) - p p^T`: a part of it taken for the whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .places import New, Places, called, factors, filled, name, product, values_of

AXES = ("-1", "0")
PLAIN = (ast.Name, ast.Subscript, ast.Attribute, ast.Call)


def diagonal(node: ast.BinOp, places: Places) -> New:
    r"""The entries of the diagonal times the adjoint, :math:`d \odot p \odot (1 - p)`, or only :math:`d \odot p`."""
    if isinstance(node.op, ast.Mult) and places.outermost(node, ast.Mult) and not _sums(node):
        parts = [part for factor in factors(node) for part in _opened(factor)]
        for k, p in enumerate(parts):
            rest = [part for j, part in enumerate(parts) if j != k and not _complement(part, p)]
            if isinstance(p, PLAIN) and rest:
                yield from _whole(p, product(rest))


def _sums(node: ast.expr) -> bool:
    return any(called(inner) in ("sum", "mean") for inner in ast.walk(node))


def _opened(factor: ast.expr) -> list[ast.expr]:
    """The factors p and 1 - p of p - p², and of a product in parentheses."""
    if isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Sub):
        squares = [filled(form, p=factor.left) for form in ("p ** 2", "p * p")]
        return [factor.left] if ast.unparse(factor.right) in map(ast.unparse, squares) else [factor]
    return factors(factor)


def _complement(part: ast.expr, p: ast.expr) -> bool:
    return ast.unparse(part) in (f"1 - {ast.unparse(p)}", f"1.0 - {ast.unparse(p)}")


def _whole(p: ast.expr, d: ast.expr) -> Iterator[ast.expr]:
    for axis in AXES:
        yield filled(f"p * (d - (d * p).sum(axis={axis}, keepdims=True))", p=p, d=d)


def left_out(node: ast.stmt, places: Places) -> New:
    """The adjoint handed on as it is."""
    if "softmax" not in places.names and not places.names.issuperset({"exp", "sum"}):
        return
    for value, put in values_of(node):
        for text in places.letters(node):
            if not text.startswith("d"):
                yield from (put(made) for made in _whole(name(text), value))


def matrix(node: ast.Call, places: Places) -> New:
    """The diagonal of the matrix alone."""
    if called(node) == "diag" and len(node.args) == 1:
        for p in [part for factor in factors(node.args[0]) for part in _opened(factor)]:
            if isinstance(p, PLAIN):
                yield filled("np.diag(p) - np.outer(p, p)", p=p)
