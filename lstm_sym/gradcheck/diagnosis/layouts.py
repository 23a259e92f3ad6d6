"""Slips in how the entries of an array lie: flipped, read in another order, axes in another order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from .places import New, Places, called, filled, indices

FLIPS = ("a[..., ::-1]", "a[..., ::-1, ::-1]", "a[::-1, ::-1]")
SWAPS = ((0, 1), (1, 2), (0, 2), (-1, -2))
TURNS = ("rot90", "flip", "fliplr", "flipud")
LONGEST = 4
"""Axes whose order is tried in full."""


def flipped(node: Any, places: Places) -> New:
    """An array, such as the kernel of a convolution, that belongs here with its entries in reverse order."""
    parent = places.parents.get(id(node))
    if called(node) in TURNS and node.args:
        yield from (filled(flip, a=node.args[0]) for flip in FLIPS)
    if not isinstance(getattr(node, "ctx", None), ast.Load) or isinstance(parent, ast.Attribute | ast.Subscript):
        return
    if isinstance(node, ast.Name) and node.id not in places.given:
        return
    bare = node
    if isinstance(node, ast.Attribute):
        if node.attr != "T":
            return
        bare = node.value
    elif isinstance(node, ast.Subscript):
        kept = [part for part in indices(node) if ast.unparse(part) != ":" and not _reversed(part)]
        if any(isinstance(part, ast.Slice) for part in kept):
            return  # a part of an array
        bare = node.value
        if kept:
            bare = ast.Subscript(node.value, ast.Tuple(kept, ast.Load()) if len(kept) > 1 else kept[0], node.ctx)
    yield from (filled(flip, a=bare) for flip in FLIPS)


def unflipped(node: Any, places: Places) -> New:
    """An array that is flipped along axes, or turned, and should not be; or along fewer axes."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        parts = indices(node)
        turned = [k for k, part in enumerate(parts) if _reversed(part)]
        if len(turned) == len(parts) > 1:
            yield node.value
        for k in turned if len(parts) > 1 else []:
            made = [*parts[:k], ast.Slice(), *parts[k + 1 :]]
            plain = all(ast.unparse(part) == ":" for part in made)
            yield node.value if plain else ast.Subscript(node.value, ast.Tuple(made, ast.Load()), node.ctx)
        if 1 < len(turned) < len(parts):
            made = [ast.Slice() if k in turned else part for k, part in enumerate(parts)]
            while len(made) > 1 and ast.unparse(made[-1]) == ":":
                made.pop()
            yield ast.Subscript(node.value, ast.Tuple(made, ast.Load()) if len(made) > 1 else made[0], node.ctx)
    elif called(node) in TURNS and node.args:
        yield node.args[0]


def _reversed(part: ast.expr) -> bool:
    return ast.unparse(part).replace(" ", "") == "::-1"


def reshaped(node: ast.Call, places: Places) -> New:
    """A reshape that reads the entries in another order, or that stands where a transpose belongs."""
    if called(node) != "reshape" or not isinstance(node.func, ast.Attribute):
        return
    plain = isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy")
    if plain and len(node.args) != 2:
        return
    array = node.args[0] if plain else node.func.value
    sizes = node.args[1:] if plain else node.args
    if node.keywords:
        yield ast.Call(node.func, node.args, [])
    yield filled("a.T", a=array)
    axes = list(sizes[0].elts) if len(sizes) == 1 and isinstance(sizes[0], ast.Tuple) else list(sizes)
    for source in (array, *_transposed(array)):
        for order in _orders(len(axes)):
            shape = [axes[k] for k in order]
            made = ast.Call(ast.Attribute(source, "reshape", ast.Load()), shape, [])
            back = sorted(range(len(order)), key=order.__getitem__)
            yield made if order == back == sorted(order) else _with_axes(made, back)
    if not node.keywords:
        yield ast.Call(node.func, node.args, [ast.keyword("order", ast.Constant("F"))])


def _orders(count: int) -> Iterator[list[int]]:
    """Orders of so many axes, the own one first."""
    yield from (list(order) for order in permutations(range(count))) if count <= LONGEST else [list(range(count))]


def _transposed(array: ast.expr) -> Iterator[ast.expr]:
    yield filled("a.T", a=array)
    for one, other in SWAPS:
        yield filled(f"a.swapaxes({one}, {other})", a=array)
    if called(array) in ("transpose", "swapaxes") and isinstance(array.func, ast.Attribute):  # type: ignore[attr-defined]
        yield array.func.value  # type: ignore[attr-defined]


def _with_axes(array: ast.expr, order: list[int]) -> ast.expr:
    axes: list[ast.expr] = [ast.Constant(k) for k in order]
    return ast.Call(ast.Attribute(array, "transpose", ast.Load()), axes, [])


def permuted(node: ast.Call, places: Places) -> New:
    """Axes in another order, or left as they are."""
    if called(node) not in ("transpose", "swapaxes") or not isinstance(node.func, ast.Attribute):
        return
    array = node.func.value
    if isinstance(array, ast.Name) and array.id in ("np", "numpy"):
        array = node.args[0]
    yield array
    if called(array) == "reshape" and not array.keywords:  # type: ignore[attr-defined]
        shape = array.args[0].elts if isinstance(array.args[0], ast.Tuple) else array.args  # type: ignore[attr-defined]
        for order in _orders(len(shape)):
            sizes = [shape[k] for k in order]
            yield ast.Call(ast.Attribute(array.func.value, "reshape", ast.Load()), sizes, [])  # type: ignore[attr-defined]
    for count in (3, 4, 2):
        yield from (_with_axes(array, order) for order in _orders(count))
