"""Slips in sums along axes: the wrong axis, the wrong size, a mean that is not taken off."""

from __future__ import annotations

import ast
from typing import Any

from .places import New, Places, called, filled, indices, name, values_of, words

ALONG = ("sum", "mean", "max", "var", "std", "cumsum", "flip")
MEANS = {"mean", "var", "std", "sum", "average"}
SUMMED = ("0", "1", "-1", "(0, 1)")
OTHERS = (0, 1, -1, 2, -2)


def other_axis(node: Any, places: Places) -> New:
    """Another axis: of a sum or a mean, or whose length is taken."""
    if isinstance(node, ast.Subscript):
        if getattr(node.value, "attr", "") == "shape" and _axis(node.slice) is not None:
            for axis in OTHERS:
                if axis != _axis(node.slice):
                    yield ast.Subscript(node.value, ast.Constant(axis), node.ctx)
    elif called(node) in ALONG:
        owner = getattr(node.func, "value", None)
        first = isinstance(owner, ast.Name) and owner.id in ("np", "numpy")
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


def kept(node: ast.Call, places: Places) -> New:
    """An axis that is lost in a sum and should stay as one of length 1, or the other way round."""
    if called(node) in ALONG:
        others = [keyword for keyword in node.keywords if keyword.arg != "keepdims"]
        if len(others) == len(node.keywords):
            others = [*others, ast.keyword("keepdims", ast.Constant(True))]
        yield ast.Call(node.func, node.args, others)


def unsummed(node: ast.stmt, places: Places) -> New:
    """What is handed on for all sequences, or for all steps, where their sum belongs."""
    for value, put in values_of(node):
        if called(value) in ("sum", "mean") and not any(keyword.arg == "axis" for keyword in value.keywords):  # type: ignore[attr-defined]
            axis = ast.keyword("axis", ast.Constant(0))
            yield put(ast.Call(value.func, value.args, [*value.keywords, axis]))  # type: ignore[attr-defined]
        if not isinstance(value, ast.Constant | ast.List | ast.Tuple):
            yield from (put(filled(f"a.sum(axis={axis})", a=value)) for axis in SUMMED)


def over_all(node: ast.Call, places: Places) -> New:
    """A sum over all entries where one along an axis belongs."""
    if called(node) not in ("sum", "mean") or any(keyword.arg == "axis" for keyword in node.keywords):
        return
    owner = getattr(node.func, "value", None)
    if len(node.args) == int(isinstance(owner, ast.Name) and owner.id in ("np", "numpy")):
        rest = [keyword for keyword in node.keywords if keyword.arg != "keepdims"]
        kept = ast.keyword("keepdims", ast.Constant(True))
        for axis in (0, 1, -1):
            for more in ([kept], []):
                yield ast.Call(node.func, node.args, [*rest, ast.keyword("axis", ast.Constant(axis)), *more])


def one_of_all(node: ast.Subscript, places: Places) -> New:
    """One entry where the sum of all belongs."""
    parts = indices(node)
    for k, part in enumerate(parts):
        if isinstance(node.ctx, ast.Load) and _axis(part) is not None:
            axis = sum(isinstance(before, ast.Slice) for before in parts[:k])
            rest = [*parts[:k], ast.Slice(), *parts[k + 1 :]]
            whole = ast.Subscript(node.value, ast.Tuple(rest, ast.Load()), node.ctx) if len(parts) > 1 else node.value
            yield filled(f"a.sum(axis={axis})", a=whole)


def outer_of_one(node: ast.Call, places: Places) -> New:
    """The outer product of one sequence where the sum over all belongs."""
    if called(node) == "outer" and len(node.args) == 2:
        arrays = [arg.value for arg in node.args if isinstance(arg, ast.Subscript) and _axis(arg.slice) is not None]
        if len(arrays) == 2:
            yield filled("a.T @ b", a=arrays[0], b=arrays[1])


def product_of_one(node: ast.BinOp, places: Places) -> New:
    """The product of what belongs to one example, where the sum over all belongs."""
    pair = (node.left, node.right)
    if isinstance(node.op, ast.Mult):
        arrays = [p.value for p in pair if isinstance(p, ast.Subscript) and _axis(p.slice) is not None]
        if len(arrays) == 2:
            yield filled("a.T @ b", a=arrays[0], b=arrays[1])
            yield filled("a.T @ b", a=arrays[1], b=arrays[0])
            yield filled("(a * b).sum(axis=0)", a=arrays[0], b=arrays[1])


def _axis(node: ast.expr) -> int | None:
    """The number that an expression is, if it is one."""
    text = ast.unparse(node)
    return int(text) if text.removeprefix("-").isdigit() else None


def mean_kept(node: Any, places: Places) -> New:
    """A mean or a sum that is not subtracted: of what is assigned, or of something else that the code knows."""
    if not places.names & MEANS:
        return
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


def projection_kept(node: Any, places: Places) -> New:
    r"""What a norm's scale gives, :math:`y\,\langle d, y\rangle`, alone or with the mean of d, is not subtracted."""
    if not places.names & MEANS:
        return
    parent = places.parents.get(id(node))
    if isinstance(node, ast.Name):
        if node.id.startswith("d") and isinstance(node.ctx, ast.Load) and isinstance(parent, ast.BinOp):
            yield from _without_projections(node, node, places, "a - b.{kind} - c * (b * c).{kind}")
    elif isinstance(node.op, ast.Add | ast.Sub) and places.outermost(node, ast.Add, ast.Sub):
        for text in sorted(text for text in words(node) if text.startswith("d")):
            yield from _without_projections(node, name(text), places, "a - c * (b * c).{kind}")


def _without_projections(a: ast.expr, b: ast.expr, places: Places, form: str) -> New:
    for text in places.letters(a):
        if not text.startswith("d"):
            for axis in ("-1", "0"):
                for kind in ("mean", "sum"):
                    summed = f"{kind}(axis={axis}, keepdims=True)"
                    yield filled(form.replace("{kind}", summed), a=a, b=b, c=name(text))
