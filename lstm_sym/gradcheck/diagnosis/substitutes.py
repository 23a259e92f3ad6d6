"""Slips in which one thing stands for another: a name, a slice, a loop's direction, the start of a carry."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from .carries import Changes
from .places import New, Places, called, filled, indices, name

CLIPS = ("clip", "maximum", "minimum")
ZEROS = ("zeros_like",)
MOST_TURNED = 6
"""Arguments of which two or three are turned at once."""

REVERSED = ast.Slice(step=ast.UnaryOp(ast.USub(), ast.Constant(1)))


def clipped(node: ast.Call, places: Places) -> New:
    """A gradient that is kept between bounds."""
    if called(node) in CLIPS and node.args:
        yield node.args[0]


def zeroed(node: ast.Call, places: Places) -> New:
    """Zeros of the shape of what belongs there."""
    if called(node) in ZEROS and len(node.args) == 1:
        yield node.args[0]


def started(node: ast.Assign, places: Places) -> New:
    """A carry that starts from something else than 0."""
    target = node.targets[0]
    first = isinstance(target, ast.Name) and target.id in places.carried and id(node) not in places.inside
    if first and "zeros" not in ast.unparse(node.value):
        yield ast.Assign(node.targets, filled("0 * a", a=node.value))


def turned_round(places: Places) -> Changes:
    """A loop over the steps from the first to the last, or from the last to the first."""
    for loop in places.loops:
        if isinstance(loop, ast.For):
            said = f"the loop over `{ast.unparse(loop.iter)}` runs the other way round"
            yield ((loop.iter, _reverse(loop.iter)),), said


def _reverse(node: ast.expr) -> ast.expr:
    if called(node) == "reversed":
        return node.args[0]  # type: ignore[attr-defined]
    if isinstance(node, ast.Subscript) and _backwards(node.slice):
        return node.value
    return filled("list(a)[::-1]", a=node)


def _backwards(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.step is not None and ast.unparse(node.step) == "-1"


def sequence_turned(node: Any, places: Places) -> New:
    """A sequence whose steps stand in the other order."""
    if not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node, ast.Name):
        parent = places.parents.get(id(node))
        if node.id in places.given and not isinstance(parent, ast.Subscript | ast.Attribute):
            yield filled("a[::-1]", a=node)
        return
    parts = indices(node)
    if _backwards(parts[0]):
        first: ast.expr = ast.Slice()
    elif isinstance(parts[0], ast.Slice) and parts[0].step is None and (parts[0].lower or parts[0].upper) is None:
        first = REVERSED
    else:
        return
    rest = parts[1:]
    yield ast.Subscript(node.value, ast.Tuple([first, *rest], ast.Load()) if rest else first, node.ctx)


def sequences_turned(places: Places) -> Changes:
    """The same for several of the arguments of a call."""
    for call in places.of(ast.Call):
        parts = [(arg, made) for arg in call.args for made in _turned(arg, places)]  # type: ignore[attr-defined]
        for count in (2, 3):
            yield from ((chosen, "") for chosen in combinations(parts[:MOST_TURNED], count))


def _turned(node: Any, places: Places) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name | ast.Subscript):
        yield from (made for made in sequence_turned(node, places) if made is not None)


def other_slice(node: ast.Subscript, places: Places) -> New:
    """Another part of an array: up to, or from, where some slice begins or ends."""
    parts = indices(node)
    own = [k for k, part in enumerate(parts) if isinstance(part, ast.Slice) and (part.lower or part.upper)]
    if not own:
        return
    for bound in _bounds(places):
        for part in (ast.Slice(upper=bound), ast.Slice(lower=bound)):
            made = [*parts[: own[-1]], part, *parts[own[-1] + 1 :]]
            whole: ast.expr = ast.Tuple(made, ast.Load()) if len(made) > 1 else part
            if ast.unparse(whole) != ast.unparse(node.slice):
                yield ast.Subscript(node.value, whole, node.ctx)


def _bounds(places: Places) -> list[ast.expr]:
    """Where slices begin or end, and the sizes that have names."""
    slices = [node for node in places.nodes if isinstance(node, ast.Slice)]
    found = [bound for part in slices for bound in (part.lower, part.upper) if bound is not None]
    return list({ast.unparse(bound): bound for bound in found}.values())


def other_name(node: Any, places: Places) -> New:
    """A name where a similar one belongs, of another gate, weight or step."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in places.given:
        for text in places.given:
            if text != node.id and _similar(text, node.id):
                yield name(text)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for text in places.keys:
            if text != node.value and _similar(text, node.value):
                yield ast.Constant(text)


def unread_name(node: Any, places: Places) -> New:
    """Something where a name belongs that is given and never read."""
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from (name(text) for text in places.unused)


def any_name(node: ast.Name, places: Places) -> New:
    """A name where one belongs that is nothing like it."""
    if isinstance(node.ctx, ast.Load) and node.id in places.given:
        for text in dict.fromkeys([*places.unread, *places.letters(node), *places.given]):
            if text != node.id and not _similar(text, node.id):
                yield name(text)


def _similar(a: str, b: str) -> bool:
    """One letter apart; or one word, such as prev and next."""
    if len(a) == len(b) and sum(x != y for x, y in zip(a, b)) == 1:
        return True
    if abs(len(a) - len(b)) <= 2 and (a.startswith(b) or b.startswith(a)):
        return True
    one, other = a.split("_"), b.split("_")
    if one[0] == other[0] and min(len(one), len(other)) == 1:
        return True  # c and c_new
    return len(one) == len(other) > 1 and sum(x != y for x, y in zip(one, other)) == 1
