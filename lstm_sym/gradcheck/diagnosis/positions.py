"""Slips in where something stands: an index that is off, wraps around or is another one's, steps that are left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .places import New, Places, called, filled, indices, name, words
from .slips import sizes


def index(node: ast.Subscript, places: Places) -> New:
    """An index that is off by one."""
    if isinstance(node.slice, ast.Tuple):
        for k, part in enumerate(node.slice.elts):
            for choice in (*_moved(part), *_chosen(part, node, places)):
                whole = ast.Tuple([*node.slice.elts[:k], choice, *node.slice.elts[k + 1 :]], ast.Load())
                yield ast.Subscript(node.value, whole, node.ctx)
    else:
        for choice in (*_moved(node.slice), *_chosen(node.slice, node, places)):
            yield ast.Subscript(node.value, choice, node.ctx)


def _moved(part: ast.expr) -> Iterator[ast.expr]:
    if isinstance(part, ast.Name):
        yield filled("a - 1", a=part)
        yield filled("a + 1", a=part)
    elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        yield part.left
        yield ast.BinOp(part.left, ast.Sub() if isinstance(part.op, ast.Add) else ast.Add(), part.right)
    elif isinstance(part, ast.Slice) and part.step is None and (part.lower is None) != (part.upper is None):
        text = ast.unparse(part)
        if text in ("1:", ":-1"):
            yield ast.Slice(*((None, ast.Constant(-1)) if text == "1:" else (ast.Constant(1), None)))


def _chosen(part: ast.expr, node: ast.Subscript, places: Places) -> Iterator[ast.expr]:
    """What a loop counts, in the place of a number; what a list has there, such as a token, in the place of a step."""
    if id(node) not in places.inside:
        return
    if isinstance(part, ast.Constant | ast.UnaryOp):
        yield from (name(text) for text in places.counters)
    elif isinstance(part, ast.BinOp):
        yield from (name(text) for text in places.counters if text in words(part))
    elif isinstance(part, ast.Name) and part.id in places.counters:
        lists = [*places.constants, *places.parameters, *places.unread, *sorted(places.names)]
        yield from (filled("a[t]", a=name(text), t=part) for text in dict.fromkeys(lists))


def wrapped(node: Any, places: Places) -> New:
    """What stands before the first step, where an index wraps around to the last one."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        parts = indices(node)
        back = next((p for p in parts if isinstance(p, ast.BinOp) and isinstance(p.op, ast.Sub)), None)
        if back is not None and isinstance(back.left, ast.Name) and getattr(back.right, "value", 0) == 1:
            for text in [n for n in places.given if n not in places.carried and n not in places.counters]:
                yield filled("a if t > 0 else b", a=node, t=back.left, b=name(text))
            yield filled("a if t > 0 else 0 * a", a=node, t=back.left)
    elif called(node) == "roll" and len(node.args) >= 2:
        before = [text for text in places.given if text not in places.carried]
        for text in before:
            yield filled("np.concatenate((b[None], a[:-1]))", a=node.args[0], b=name(text))
        for text in before:
            yield filled("np.concatenate((b[:, None], a[:, :-1]), axis=1)", a=node.args[0], b=name(text))
        yield filled("np.concatenate((0 * a[:1], a[:-1]))", a=node.args[0])


def bounds(node: ast.Call, places: Places) -> New:
    """A loop that ends early, or begins late."""
    if called(node) not in ("range", "arange", "max", "maximum", "min", "minimum"):
        return
    if called(node) in ("max", "maximum", "min", "minimum"):
        yield from (part for part in node.args if len(node.args) == 2)
        return
    last = ast.unparse(node.args[2]) if len(node.args) == 3 else ""
    if last == "-1":
        yield ast.Call(node.func, [node.args[0], ast.Constant(-1), node.args[2]], node.keywords)
    for k in range(len(node.args[:2])):
        for change in (-1, 1):
            moved = _shifted(node.args[k], change)
            yield ast.Call(node.func, [*node.args[:k], moved, *node.args[k + 1 :]], node.keywords)
    if len(node.args) == 2:
        yield ast.Call(node.func, [ast.Constant(0), node.args[1]], node.keywords)
    if len(node.args) == 1:
        yield from (ast.Call(node.func, [size], node.keywords) for size in sizes(places))


def _shifted(bound: ast.expr, change: int) -> ast.expr:
    """A number of steps more or less, as one would write it."""
    text = ast.unparse(bound)
    if text.lstrip("-").isdigit():
        return ast.Constant(int(text) + change)
    back = ast.Sub if change > 0 else ast.Add
    if isinstance(bound, ast.BinOp) and isinstance(bound.op, back) and getattr(bound.right, "value", None) == 1:
        return bound.left
    return filled("a - 1" if change < 0 else "a + 1", a=bound)


def cut(node: ast.Subscript, places: Places) -> New:
    """A slice that leaves steps or gates out."""
    parts = indices(node)
    sliced = all(isinstance(part, ast.Slice) for part in parts) and isinstance(node.ctx, ast.Load)
    if not sliced or not any(getattr(part, "lower", None) or getattr(part, "upper", None) for part in parts):
        return
    steps = [getattr(part, "step", None) for part in parts]
    yield node.value if not any(steps) else ast.Subscript(node.value, ast.Slice(step=steps[0]), node.ctx)
    part = parts[0]
    if len(parts) == 1 and isinstance(part, ast.Slice) and part.lower is not None and part.upper is not None:
        yield ast.Subscript(node.value, ast.Slice(part.lower, None, part.step), node.ctx)
        yield ast.Subscript(node.value, ast.Slice(None, part.upper, part.step), node.ctx)
