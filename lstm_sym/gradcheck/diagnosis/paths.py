"""Slips in what adds up outside the steps: a path, a direction, a label or a whole statement that is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .carries import Changes, adjoints, families, weights
from .edits import Change
from .places import New, Places, filled, indices, name, values_of, words

STATEMENTS = (ast.Assign, ast.AugAssign)


def unread_added(node: Any, places: Places) -> New:
    """What is made, or given, and never read: in a sum, as it is or in the order of a sequence read backwards."""
    if id(node) in places.inside:
        return
    for value, put in values_of(node):
        for text in [text for text in places.unread if text not in _targets(node)]:
            for form in ("a + c", "a + c[::-1]", "a - c"):
                yield put(filled(form, a=value, c=name(text)))


def _targets(node: Any) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def direct(node: Any, places: Places) -> New:
    """What goes past a layer, as in a residual connection: the upstream gradient as it is."""
    if id(node) in places.inside:
        return
    upstream = [text for text in places.parameters[:1] if text.startswith(("d", "g"))]
    for value, put in values_of(node):
        if any(text.startswith("d") for text in words(value)):
            yield from (put(filled("a + c", a=value, c=name(text))) for text in upstream)


def beside(node: Any, places: Places) -> New:
    """A term that is missing outside loops: an adjoint, one times a weight, or what a second use of a factor gives."""
    if id(node) in places.inside:
        return
    found = [made for made in adjoints(places.definition) if ast.unparse(made).startswith("d")]
    for value, put in values_of(node):
        if not any(text.startswith("d") for text in words(value)):
            continue
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.MatMult):
            for turned in ("x.T @ y", "x.swapaxes(-1, -2) @ y"):
                yield put(filled(f"a + {turned}", a=value, x=value.left, y=value.right))
        for adjoint in found:
            if ast.unparse(adjoint) not in _targets(node):
                yield put(filled("a + c", a=value, c=adjoint))
        for weight, matrix in weights(places):
            for adjoint in found if matrix else []:
                yield put(filled("a + c @ w.T", a=value, c=adjoint, w=weight))
                yield put(filled("a + w.T @ c", a=value, c=adjoint, w=weight))


# --- statements -----------------------------------------------------------------------------------


def labels(places: Places) -> Changes:
    """The 1 at the label, which the derivative of the cross-entropy subtracts from the probabilities."""
    for node in places.of(ast.Assign):
        target = node.targets[0]  # type: ignore[attr-defined]
        if isinstance(target, ast.Name):
            for label in _labels(places, id(node) in places.inside):
                for form in ("p[np.arange(len(p)), y] -= 1", "p[y] -= 1", "p = p - y"):
                    text = form.replace("y]", f"{label}]").replace("- y", f"- {label}")
                    made = ast.parse(text.replace("p[", f"{target.id}[").replace("(p)", f"({target.id})"))
                    yield _after(node, _named(made.body[0], target.id))


def _named(statement: ast.stmt, text: str) -> ast.stmt:
    """A statement on p as one on another name."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "p":
            node.id = text
    return statement


def misplaced_labels(places: Places) -> Changes:
    """The 1 that is subtracted from columns of all rows, or of all classes."""
    for node in places.of(ast.AugAssign):
        target = node.target  # type: ignore[attr-defined]
        parts = indices(target) if isinstance(target, ast.Subscript) else []
        if isinstance(node.op, ast.Sub) and len(parts) == 2 and ast.unparse(parts[0]) == ":":  # type: ignore[attr-defined]
            rows = filled("np.arange(len(p))", p=target.value)
            there = ast.Subscript(target.value, ast.Tuple([rows, parts[1]], ast.Load()), ast.Store())
            yield ((node, ast.AugAssign(there, node.op, node.value)),), ""  # type: ignore[attr-defined]


def _labels(places: Places, inside: bool) -> Iterator[str]:
    for text in places.unread:
        yield text
        for counter in places.counters if inside else []:
            yield f"{text}[{counter}]"
            yield f"{text}[:, {counter}]"


def unmade_statements(places: Places) -> Changes:
    """A statement like another, with another gate's or direction's letters, in the same loop or in another one."""
    present = {ast.unparse(node) for node in places.of(*STATEMENTS)}
    for node in places.of(*STATEMENTS):
        gathers = isinstance(node, ast.AugAssign) or isinstance(node.targets[0], ast.Subscript)  # type: ignore[attr-defined]
        own = places.loop_of(node)
        ends: list[Any] = [loop.body[-1] for loop in places.loops if loop is not own]
        for family in families(node, places) if gathers else ():
            for made in family:
                if ast.unparse(made) not in present:
                    yield from (_after(end, made) for end in [node, *ends])


def _after(node: Any, made: ast.stmt) -> tuple[tuple[Change, ...], str]:
    block = ast.If(ast.Constant(True), [node, made], [])
    return ((node, block),), f"`{ast.unparse(made)}` is added after `{_first_line(node)}`"


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]
